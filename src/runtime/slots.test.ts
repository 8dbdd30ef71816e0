import { describe, expect, it } from 'vitest';
import type { ClaimFilter, ClaimKind } from '../world/port.ts';
import { Slots } from './slots.ts';

const all = { run: ['', 'shop', 'flow'], step: [''], message: [''] };

function claimable(taken: readonly ClaimKind[], namespaces: ClaimFilter['namespaces'] = all) {
  const slots = new Slots({ run: 2, flow: 3, step: 4, message: 5 });
  for (const kind of taken) slots.take(kind);
  const { filter, limits, full } = slots.claimable({ namespaces, stepNames: null, deploymentId: null });
  return { namespaces: filter.namespaces, limits, full };
}

describe('slots', () => {
  it('are counted for each kind apart', () => {
    const slots = new Slots({ run: 1, flow: 4, step: 2, message: 3 });
    slots.take('run');
    slots.take('step');
    expect([slots.free('run'), slots.free('flow'), slots.free('step'), slots.free('message')]).toEqual([0, 4, 1, 3]);
    slots.give('run');
    expect(slots.free('run')).toBe(1);
  });

  it('are never fewer than none, also where more was taken on than there is room for', () => {
    const slots = new Slots({ run: 1, flow: 0, step: 0, message: 0 });
    slots.take('run');
    slots.take('run');
    expect(slots.free('run')).toBe(0);
    slots.give('run');
    expect(slots.free('run')).toBe(0);
    slots.give('run');
    expect(slots.free('run')).toBe(1);
  });
});

describe('what may be claimed', () => {
  it('is as much of each kind as there are slots for', () => {
    expect(claimable(['flow', 'step'])).toEqual({ namespaces: all, limits: { run: 2, flow: 2, step: 3, message: 5 }, full: [] });
  });

  it('is nothing of what has no slot left', () => {
    expect(claimable(['run', 'run'])).toMatchObject({ namespaces: { ...all, run: ['flow'] }, full: ['run'] });
    expect(claimable(['flow', 'flow', 'flow'])).toMatchObject({ namespaces: { ...all, run: ['', 'shop'] }, full: ['flow'] });
    const none = { run: [], step: [''], message: [''] };
    expect(claimable(['run', 'run', 'flow', 'flow', 'flow'])).toMatchObject({ namespaces: none, full: ['run', 'flow'] });
  });

  it('is left out for want of a slot only where it is wanted', () => {
    expect(claimable(['run', 'run'], { run: ['flow'], step: [], message: [] }).full).toEqual([]);
  });
});
