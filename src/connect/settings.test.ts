import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const [hour, day] = [3_600_000, 86_400_000];
const retentionOf = (text: string) => readSettings({ WORKFLOW_PAWL_RETENTION: text }).retention;

describe('WORKFLOW_PAWL_RETENTION', () => {
  it.each([
    ['', { completed: 30 * day, failed: 30 * day, cancelled: 30 * day }],
    ['12h', { completed: 12 * hour, failed: 12 * hour, cancelled: 12 * hour }],
    ['never', { completed: null, failed: null, cancelled: null }],
    ['completed=7d, failed=90d, cancelled=never', { completed: 7 * day, failed: 90 * day, cancelled: null }],
    ['failed=never', { completed: 30 * day, failed: null, cancelled: 30 * day }],
    ['failed=90d,1d', { completed: day, failed: 90 * day, cancelled: day }],
  ])('reads "%s"', (text, kept) => {
    expect(retentionOf(text)).toEqual(kept);
  });

  it.each(['soon', 'completed', 'completed=', 'running=7d', '7d,8d', 'completed=failed=7d', '=7d', 'constructor=7d', '-1d'])(
    'refuses "%s" and says what it must be',
    (text) => {
      expect(() => retentionOf(text)).toThrow(`WORKFLOW_PAWL_RETENTION is "${text}"; it must be a duration`);
    },
  );
});
