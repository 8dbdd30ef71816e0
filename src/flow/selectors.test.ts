import { describe, expect, it, vi } from 'vitest';
import { createContext, defaultContextLimits } from './context.ts';
import { sharedSandbox } from './sandbox.ts';
import { resolveSelector } from './selectors.ts';
import type { InputSelector } from './types.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

const context = createContext(
  {
    user: { name: 'Ada', tags: ['x', 'y'] },
    order: {
      id: 7,
      items: [
        { sku: 'a', price: 2 },
        { sku: 'b', price: 3 },
      ],
      note: null,
    },
    'odd.key': 1,
  },
  defaultContextLimits,
);
const options = { sandbox: sharedSandbox(), limits: defaultContextLimits, now: Date.UTC(2026, 0, 1) };
const resolve = (selector: InputSelector) => resolveSelector(selector, context, options);
const template = (given: unknown) => resolve({ type: 'template', template: given });

describe('selectors', () => {
  it('key: one key, dots and all', async () => {
    expect(await resolve({ type: 'key', key: 'user' })).toBe(context.user);
    expect(await resolve({ type: 'key', key: 'odd.key' })).toBe(1);
  });

  it('keys: those that are there', async () => {
    expect(await resolve({ type: 'keys', keys: ['user', 'nobody', 'toString'] })).toEqual({ user: context.user });
  });

  it('path: own properties and array indexes', async () => {
    expect(await resolve({ type: 'path', path: 'order.items.1.sku' })).toBe('b');
    await expect(resolve({ type: 'path', path: 'order.items.9' })).rejects.toMatchObject({
      code: 'INPUT_RESOLUTION_ERROR',
    });
  });

  it('full, static and expression', async () => {
    expect(await resolve({ type: 'full' })).toBe(context);
    expect(await resolve({ type: 'static', value: { a: ['${user.name}'] } })).toEqual({ a: ['${user.name}'] });
    expect(await resolve({ type: 'expression', expression: '$sum(order.items.price)' })).toBe(5);
  });

  it('hands out frozen values only', async () => {
    for (const selector of [
      { type: 'keys', keys: ['user'] },
      { type: 'static', value: { a: [1] } },
      { type: 'template', template: { a: ['${order}'] } },
      { type: 'expression', expression: '{"a": order}' },
    ] as const) {
      expect(Object.isFrozen(await resolve(selector as InputSelector))).toBe(true);
    }
  });
});

describe('templates', () => {
  it('keep the type of a value that stands alone', async () => {
    expect(await template({ id: '${order.id}', items: '${order.items}', note: '${order.note}' })).toEqual({
      id: 7,
      items: [
        { sku: 'a', price: 2 },
        { sku: 'b', price: 3 },
      ],
      note: null,
    });
  });

  it('write values into text, objects as JSON', async () => {
    expect(await template('Order ${order.id} of ${user.name}: ${user.tags} ${order.note}')).toBe('Order 7 of Ada: ["x","y"] null');
  });

  it('supply defaults for what is missing or null', async () => {
    expect(await template('${user.nick:-friend}')).toBe('friend');
    expect(await template('Dear ${ user.nick :-friend}, ${order.note:-}!')).toBe('Dear friend, !');
    expect(await template('${user.name:-friend}')).toBe('Ada');
  });

  it('leave an escaped variable as it is', async () => {
    expect(await template('\\${user.name} costs $5 {really} ${user.name}')).toBe('${user.name} costs $5 {really} Ada');
  });

  it('fill arrays and nested objects, and leave keys and other values alone', async () => {
    expect(await template({ '${user.name}': [1, true, null, { deep: '${user.name}' }] })).toEqual({
      '${user.name}': [1, true, null, { deep: 'Ada' }],
    });
  });

  it('stop before they explode', async () => {
    const big = createContext({ a: 'x'.repeat(1_000_000) }, defaultContextLimits);
    const selector = { type: 'template', template: Array.from({ length: 50 }, () => '${a}${a}') } as const;
    await expect(resolveSelector(selector, big, options)).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
  });
});
