import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Body } from './ledger.ts';

const body = (of: Partial<Body>): Body => ({ mark: 'm1', runId: 'r', stepId: 's1', attempt: 1, host: 'a', at: 100, endedAt: 110, ...of });
const again = body({ mark: 'm2', attempt: 2, host: 'b', at: 1_000, endedAt: 1_010 });
const late = [body({}), body({ mark: 'm2', attempt: 2, host: 'b', at: 10_000, endedAt: 10_010 })];
const marks = new Map([['r', ['m2']]]);
const nothing = { killedAt: new Map<string, number>(), givenUpAt: new Map<string, number[]>() };

describe('a body that was begun again', () => {
  it.each([
    ['its worker was killed in between', { killedAt: new Map([['a', 500]]) }],
    ['its worker said in between that it had been given up', { givenUpAt: new Map([['a', [500]]]) }],
    ['its worker said soon after that it had been given up', { givenUpAt: new Map([['a', [9_000]]]) }],
    ['the database was away when its result was due', { disturbed: [{ began: 90, over: 105 }] }],
    ['the database went away while its result was on the way', { disturbed: [{ began: 900, over: 905 }] }],
  ])('has a cause where %s', (_, cause) => {
    expect(judge({ ...nothing, bodies: [body({}), again], marks, ...cause }).violations).toEqual([]);
  });

  it.each([
    ['nothing happened', {}],
    ['its worker was killed afterwards', { killedAt: new Map([['a', 1_001]]) }],
    ['its worker was killed when its result had long been there', { bodies: late, killedAt: new Map([['a', 9_000]]) }],
    ['another worker was killed', { killedAt: new Map([['c', 500]]) }],
    ['its worker had been given up before', { givenUpAt: new Map([['a', [99]]]) }],
    ['the database was away long before', { disturbed: [{ began: -6_000, over: -5_000 }] }],
    ['the database was away when its result had long been there', { disturbed: [{ began: 1_111, over: 1_115 }] }],
  ])('has none where %s', (_, cause) => {
    const { violations } = judge({ ...nothing, bodies: [body({}), again], marks, ...cause });
    expect(violations).toEqual(['r s1 began again, though a lived']);
  });

  it('must not have been recorded before', () => {
    const both = new Map([['r', ['m1']]]);
    const { violations } = judge({ ...nothing, bodies: [body({}), again], marks: both, killedAt: new Map([['a', 500]]) });
    expect(violations).toEqual(['r s1 began again after its result was recorded']);
  });

  it('tells how long after the death of its worker it went on, if that cost it its end', () => {
    const killedAt = new Map([['a', 105]]);
    expect(judge({ ...nothing, bodies: [body({}), again], marks, killedAt }).recoveries).toEqual([895]);
    const cutOff = [body({ endedAt: undefined }), again];
    expect(judge({ ...nothing, bodies: cutOff, marks, killedAt })).toMatchObject({ recoveries: [895], slowRecoveries: [] });
    const twice = [body({ endedAt: undefined }), { ...again, attempt: 3 }];
    expect(judge({ ...nothing, bodies: twice, marks, killedAt })).toMatchObject({ recoveries: [], slowRecoveries: [895] });
  });
});

describe('a result', () => {
  it('is of the run that gave it', () => {
    const bodies = [body({}), body({ mark: 'n1', runId: 'q' })];
    const swapped = new Map([
      ['r', ['n1']],
      ['q', ['m1']],
    ]);
    expect(judge({ ...nothing, bodies, marks: swapped }).violations).toEqual([
      'r s1 has 0 recorded results of 1 bodies',
      'q s1 has 0 recorded results of 1 bodies',
    ]);
  });

  it('of two runs is told', () => {
    const twice = new Map([
      ['r', ['m1']],
      ['q', ['m1']],
    ]);
    expect(judge({ ...nothing, bodies: [body({})], marks: twice }).violations[0]).toBe('the result m1 is that of q and of r');
  });
});

it('a step does not begin again once the next one of its run has', () => {
  const next = body({ mark: 'm3', stepId: 's2', at: 500, endedAt: 510 });
  const evidence = { bodies: [body({}), next, again], marks: new Map([['r', ['m2', 'm3']]]), inOrder: new Set(['r']) };
  const killedAt = new Map([['a', 400]]);
  expect(judge({ ...nothing, ...evidence, killedAt }).violations).toEqual(['r s1 began in b after the next step had']);
  expect(judge({ ...nothing, ...evidence, killedAt, inOrder: new Set() }).violations).toEqual([]);
  const heard = (at: number) => judge({ ...nothing, ...evidence, killedAt, givenUpAt: new Map([['b', [at]]]) }).violations;
  expect(heard(1_200)).toEqual([]);
  expect(heard(90_000)).toHaveLength(1);
});
