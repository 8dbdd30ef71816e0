import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

describe('slots', () => {
  it('are counted for each kind apart', () => {
    const slots = new Slots({ run: 1, step: 2, message: 3 });
    slots.take('run');
    slots.take('step');
    expect([slots.free('run'), slots.free('step'), slots.free('message')]).toEqual([0, 1, 3]);
    slots.give('run');
    expect(slots.free('run')).toBe(1);
  });

  it('are never fewer than none, also where more was taken on than there is room for', () => {
    const slots = new Slots({ run: 1, step: 0, message: 0 });
    slots.take('run');
    slots.take('run');
    expect(slots.free('run')).toBe(0);
    slots.give('run');
    expect(slots.free('run')).toBe(0);
    slots.give('run');
    expect(slots.free('run')).toBe(1);
  });
});
