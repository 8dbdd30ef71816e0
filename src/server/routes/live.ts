import { z } from 'zod';
import { followRun } from '../../operate/follow-run.ts';
import { followRuns } from '../../operate/follow-runs.ts';
import { type FollowStream, followStream } from '../../operate/follow-stream.ts';
import { findRun } from '../../operate/run-views.ts';
import { ownNameSchema } from '../../operate/schemas/common.ts';
import { runFilterSchema } from '../../operate/schemas/runs.ts';
import { defineRoute, type Route } from '../route.ts';
import type { ServerEvent } from '../sse.ts';
import { ofRun } from './runs.ts';

const streamParams = ofRun.extend({ name: ownNameSchema });

/** Must stand before `/runs/:id`, which would take "live" for an id. */
export const liveRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/runs/live',
    id: 'followRuns',
    tag: 'Runs',
    summary: 'Runs that fit, as they begin, change and end: `run` events; where it ends by itself, read the list anew',
    access: 'read',
    query: runFilterSchema,
    answers: { 200: { description: '`run` with a RunSummary, `ping` with nothing', events: true } },
    handle: async ({ operator, query }) => ({
      events: (signal) => named('run', followRuns(operator, query, signal)),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/live',
    id: 'followRun',
    tag: 'Runs',
    summary: 'How far a run is, now and whenever that changes, until it is over: `changed` events',
    access: 'read',
    params: ofRun,
    answers: { 200: { description: '`changed` with `eventCount` and `status`, `ping` with nothing', events: true } },
    async handle({ operator, params }) {
      await findRun(operator, params.id);
      return { events: (signal) => named('changed', followRun(operator, params.id, signal)) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/streams/:name',
    id: 'followStream',
    tag: 'Runs',
    summary: 'The chunks of a stream, and those to come, until it is closed or its run is over: `chunk` events, then `end`',
    access: 'read',
    params: streamParams,
    query: z.object({
      from: z.coerce.number().int().min(0).max(1e9).optional().meta({ description: 'The index of the first chunk; default 0.' }),
    }),
    headers: z.object({
      'Last-Event-ID': z
        .string()
        .optional()
        .meta({ description: 'The `id` of the last chunk that was read, to go on after it; `from` comes first.' }),
    }),
    answers: {
      200: {
        description: '`chunk` with `index` and `text`, `base64` or `hidden`; `end` with how many there are; `ping` with nothing',
        events: true,
      },
    },
    async handle({ operator, params: { id: runId, name }, query, headers }) {
      const last = Number(headers['Last-Event-ID'] ?? Number.NaN);
      const from = query.from ?? (Number.isSafeInteger(last) && last >= 0 ? last + 1 : 0);
      const follow = await followStream(operator, { runId, name, from });
      return { events: (signal) => chunks(follow(signal), from) };
    },
  }),
];

async function* named(event: string, values: AsyncIterable<unknown>): AsyncGenerator<ServerEvent, void, void> {
  for await (const data of values) yield { event, data };
}

async function* chunks(values: ReturnType<FollowStream>, from: number): AsyncGenerator<ServerEvent, void, void> {
  let count = from;
  for await (const chunk of values) {
    count = chunk.index + 1;
    yield { event: 'chunk', data: chunk, id: String(chunk.index) };
  }
  yield { event: 'end', data: { chunks: count } };
}
