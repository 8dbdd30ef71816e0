import { describe, expect, it } from 'vitest';
import { apiFilters, formatFilters, isNarrowed, parseFilters } from './filters.ts';

describe('the filters of the list of runs', () => {
  it('come back from the address as they went in', () => {
    const filters = parseFilters('?status=failed&kind=flow&name=order%20flow&tenant=acme&q=01KA&within=24h&order=asc');
    expect(filters).toEqual({ status: 'failed', kind: 'flow', name: 'order flow', tenant: 'acme', q: '01KA', within: '24h', order: 'asc' });
    expect(parseFilters(formatFilters(filters))).toEqual(filters);
  });

  it('leave out what makes no sense', () => {
    const filters = parseFilters('?status=exploded&kind=&within=9h&order=sideways&name=%20%20');
    expect(Object.values(filters).every((value) => value === undefined)).toBe(true);
    expect(formatFilters(filters)).toBe('');
  });

  it('tell the API an instant instead of a span', () => {
    const now = Date.parse('2026-11-22T06:00:00Z');
    expect(apiFilters(parseFilters('?within=1h&status=running'), now)).toMatchObject({
      since: '2026-11-22T05:00:00.000Z',
      status: 'running',
    });
    expect(apiFilters(parseFilters(''), now)['since']).toBeUndefined();
  });

  it('narrow the list, which the order of it does not', () => {
    expect(isNarrowed(parseFilters('?order=asc'))).toBe(false);
    expect(isNarrowed(parseFilters('?q=7'))).toBe(true);
  });
});
