import { array, assert, integer, nat, property, record, uuid } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFields, encodeValue } from '../base/codec.ts';
import { ulidTime } from '../base/ulid.ts';
import { eventSeq, renderEventId, viewEvent } from './event-view.ts';
import type { EventRow } from './rows.ts';

const ms = Date.UTC(2026, 0, 1);
const seqs = integer({ min: 1, max: 2 ** 40 - 1 });

describe('the id of an event', () => {
  it('is the same for ever: prefix, time, sequence and run', () => {
    expect(renderEventId('wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, ms)).toBe(renderEventId('wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, ms));
    expect(renderEventId('order-7', 300, ms)).toMatchInlineSnapshot(`"evnt_01KDVDNA000000009C4NZW7YR8"`);
  });

  it('ends in a ULID that tells its time', () => {
    assert(property(seqs, nat(2 ** 48 - 1), (seq, at) => ulidTime(renderEventId('run', seq, at).slice('evnt_'.length)) === at));
  });

  it('leads back to its sequence', () => {
    assert(property(seqs, nat(2 ** 48 - 1), uuid(), (seq, at, runId) => eventSeq(runId, renderEventId(runId, seq, at)) === seq));
  });

  it('sorts like the log, also where events share an instant', () => {
    const log = array(record({ seq: seqs, step: nat(3) }), { minLength: 2, maxLength: 20 });
    assert(
      property(log, (entries) => {
        let at = ms;
        const ids = [...new Set(entries.map(({ seq }) => seq))]
          .toSorted((a, b) => a - b)
          .map((seq, index) => {
            at += entries[index]?.step ?? 0;
            return renderEventId('run', seq, at);
          });
        return ids.join() === ids.toSorted().join();
      }),
    );
  });

  it('is of its run alone', () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => renderEventId(`run_${index}`, 1, ms));
    expect(new Set(ids).size).toBe(1_000);
    expect(eventSeq('run_1', String(ids[0]))).toBeUndefined();
  });

  it.each(['', 'evnt_', 'evnt_x', 'wevt_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'evnt_01ARZ3NDEKTSV4RRFFQ69G5FAV'])('%j is none of this run', (id) => {
    expect(eventSeq('run', id)).toBeUndefined();
  });
});

describe('an event as the SDK reads it', () => {
  const row: EventRow = {
    runId: 'run',
    seq: 3,
    type: 'step_created',
    correlationId: 'step_1',
    specVersion: 3,
    createdAt: ms,
    occurredAt: ms - 5,
    meta: encodeFields({ stepName: 'work' }),
    payload: encodeValue(new Uint8Array([1, 2])),
  };

  it('has real dates, real bytes and the small fields beside the large one', () => {
    expect(viewEvent(row)).toEqual({
      runId: 'run',
      eventId: renderEventId('run', 3, ms),
      eventType: 'step_created',
      correlationId: 'step_1',
      eventData: { stepName: 'work', input: new Uint8Array([1, 2]) },
      createdAt: new Date(ms),
      occurredAt: new Date(ms - 5),
      specVersion: 3,
    });
  });

  it('is made anew each time', () => {
    const [first, second] = [viewEvent(row), viewEvent(row)];
    expect(first).not.toBe(second);
    expect((first as { eventData: { input: Uint8Array } }).eventData.input).not.toBe(
      (second as { eventData: { input: Uint8Array } }).eventData.input,
    );
  });

  it('has no data where it brought none, and no correlation where it belongs to the run', () => {
    const event = viewEvent({ ...row, type: 'run_started', correlationId: null, occurredAt: null, meta: null, payload: null });
    expect(Object.keys(event).toSorted()).toEqual(['createdAt', 'eventId', 'eventType', 'runId', 'specVersion']);
  });

  it.each([0, '', false, null, undefined])('keeps a payload that is %j', (output) => {
    const event = viewEvent({ ...row, type: 'run_completed', meta: null, payload: encodeValue(output) });
    expect(event).toHaveProperty('eventData', { output });
  });
});
