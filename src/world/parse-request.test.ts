import { describe, expect, it } from 'vitest';
import { decodeFields, decodeValue } from '../base/codec.ts';
import { renderUlid, ulidTime } from '../base/ulid.ts';
import * as build from '../testing/event-builders.ts';
import { parseRequest } from './parse-request.ts';

const now = Date.UTC(2026, 0, 1);
const parseFor = (runId: unknown, event: unknown, params?: object) => parseRequest(runId as string, event as never, params, now);
const parse = (event: unknown, params?: object) => parseFor('run_1', event, params);
const refusal = (message: RegExp) =>
  expect.objectContaining({ name: 'WorkflowWorldError', status: 400, message: expect.stringMatching(message) });

describe('a call of events.create', () => {
  it.each([
    [undefined],
    [null],
    [{}],
    [{ eventType: 7 }],
    [{ eventType: 'run_paused' }],
    [{ eventType: 'hook_conflict' }],
    [{ eventType: 'toString' }],
    ['run_created'],
  ])('must be of a type that the SDK sends: %j', (event) => {
    expect(() => parse(event)).toThrow(refusal(/event types/));
  });

  it.each(['3', 1.5, Number.NaN, null, {}])('has a protocol that is a whole number, not %j', (specVersion) => {
    expect(() => parse({ ...build.runStarted(), specVersion })).toThrow(refusal(/specVersion/));
  });

  it.each([10n, Symbol('s'), () => 1])('says what it was given, even where that cannot be written as JSON', (specVersion) => {
    const call = { ...build.runStarted(), specVersion } as never;
    expect(() => parseRequest('run_1', call, undefined, now)).toThrow(/The specVersion of "run_started" must be a whole number/);
  });

  it('may come with no parameters, however that is said', () => {
    expect(parseRequest('run_1', build.runStarted(), null as never, now).params).toEqual({});
  });

  it('may leave the protocol unsaid', () => {
    expect(parse({ eventType: 'run_started' }).specVersion).toBeUndefined();
  });

  it.each([[[]], ['text'], [7]])('has data that is an object, not %j', (eventData) => {
    expect(() => parse({ ...build.runFailed(), eventData })).toThrow(refusal(/eventData/));
  });

  it.each([undefined, null])('may have no data (%j)', (eventData) => {
    expect(parse({ eventType: 'run_started', eventData })).toMatchObject({ data: {}, meta: null, payload: null });
  });
});

describe('the run of a call', () => {
  it.each([null, undefined, ''])('is made up where run_created names none (%j)', (runId) => {
    const made = parseFor(runId, build.runCreated()).runId;
    expect(made).toMatch(/^wrun_/);
    expect(ulidTime(made.slice('wrun_'.length))).toBe(now);
  });

  it.each([`wrun_${renderUlid({ ms: 5, high40: 0, low40: 0 })}`, renderUlid({ ms: 5, high40: 0, low40: 0 }), 'order-7_a', 'x'.repeat(128)])(
    'may be %j',
    (runId) => {
      expect(parseFor(runId, build.runCreated()).runId).toBe(runId);
    },
  );

  it.each(['order 7', 'größe', 'a/b', 'x'.repeat(129), '../x'])('may not be created as %j', (runId) => {
    expect(() => parseFor(runId, build.runCreated())).toThrow(refusal(/must be a ULID, or at most 128/));
  });

  it.each([null, undefined, '', 7, 'a\0'])('must be named by any other event, and not as %j', (runId) => {
    expect(() => parseFor(runId, build.runStarted())).toThrow(refusal(/runId/));
  });
});

describe('what a call is about', () => {
  it.each([
    build.stepCreated(''),
    build.stepStarted(''),
    build.hookCreated(''),
    build.hookReceived(''),
    build.waitCreated('', new Date(0)),
    build.waitCompleted(''),
  ])('must be named by $eventType', (event) => {
    expect(() => parse(event)).toThrow(refusal(/correlationId is required/));
  });

  it('is nothing for an event of the run', () => {
    expect(parse({ ...build.runStarted(), correlationId: 'step_1' }).correlationId).toBe('');
  });

  it.each([
    [{ ...build.runCreated(), eventData: { deploymentId: 'd', input: 1 } }, /workflowName/],
    [{ ...build.runCreated(), eventData: { workflowName: 'w', input: 1 } }, /deploymentId/],
    [build.stepCreated('s', { stepName: '' }), /stepName/],
    [build.hookCreated('h', { token: '' }), /token/],
  ])('needs its names', (event, message) => {
    expect(() => parse(event)).toThrow(refusal(message));
  });
});

describe('the data of a call', () => {
  it('is split into the one large field, as bytes, and the small ones, as text', () => {
    const { data, meta, payload } = parse(build.stepCreated('s', { stepName: 'work', input: new Uint8Array([7]) }));
    expect(decodeValue(payload as Uint8Array)).toEqual(new Uint8Array([7]));
    expect(decodeFields(String(meta))).toEqual({ stepName: 'work' });
    expect(data).toEqual({ stepName: 'work' });
  });

  it('is read where it is an error', () => {
    expect(parse(build.stepFailed('s', { error: 'boom', stack: 'at x' })).data).toEqual({ error: 'boom', stack: 'at x' });
  });

  it('is stored as it was at the call, whatever the caller does to it afterwards', () => {
    const input = new Uint8Array([1]);
    const executionContext: Record<string, unknown> = { traceCarrier: { a: 1 } };
    const event = build.runCreated({ input, executionContext });
    const { data, meta, payload } = parse(event);
    input[0] = 9;
    executionContext['traceCarrier'] = 'gone';
    expect(decodeValue(payload as Uint8Array)).toEqual(new Uint8Array([1]));
    expect(decodeFields(String(meta))).toMatchObject({ executionContext: { traceCarrier: { a: 1 } } });
    expect(data).toMatchObject({ executionContext: { traceCarrier: { a: 1 } } });
  });

  it.each([0, '', false, null, undefined])('keeps a payload that is %j', (result) => {
    const { payload } = parse({ ...build.stepCompleted('s'), eventData: { result } });
    expect(decodeValue(payload as Uint8Array)).toEqual(result);
  });

  it('carries the input of a run that is started before it was created', () => {
    const { data, payload } = parse(build.runStarted({ deploymentId: 'd', workflowName: 'w', input: 'in' }));
    expect([data, decodeValue(payload as Uint8Array)]).toEqual([{ deploymentId: 'd', workflowName: 'w' }, 'in']);
    expect(parse(build.runStarted({ deploymentId: 'd', workflowName: 'w', input: undefined })).payload).toBeNull();
  });

  it.each([[() => 1], [Symbol('a')], [new URL('https://example.com').searchParams.keys()]])('cannot be what no store can hold', (input) => {
    expect(() => parse(build.runCreated({ input }))).toThrow(refusal(/cannot be stored/));
  });

  it.each([new Date(5), 5, '1970-01-01T00:00:00.005Z'])('reads an instant from %j', (instant) => {
    expect(parse({ ...build.waitCreated('w', new Date(0)), eventData: { resumeAt: instant } }).data['resumeAt']).toEqual(new Date(5));
    expect(parse({ ...build.stepRetrying('s'), eventData: { error: 'x', retryAfter: instant } }).data['retryAfter']).toEqual(new Date(5));
    expect(parse(build.runStarted(), { occurredAt: instant }).params.occurredAt).toEqual(new Date(5));
  });

  it.each([new Date(Number.NaN), 'soon', Number.NaN, {}, true])('takes %j for no instant', (instant) => {
    expect(() => parse({ ...build.waitCreated('w', new Date(0)), eventData: { resumeAt: instant } })).toThrow(refusal(/resumeAt/));
    expect(() => parse(build.runStarted(), { occurredAt: instant })).toThrow(refusal(/occurredAt/));
  });
});
