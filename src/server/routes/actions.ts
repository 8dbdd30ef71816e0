import { z } from 'zod';
import { bulk } from '../../operate/bulk.ts';
import { cancelRun, wakeRun } from '../../operate/change-run.ts';
import { invalid } from '../../operate/errors.ts';
import { resumeByToken, resumeRun } from '../../operate/resume.ts';
import { replayRun, retryRun } from '../../operate/retry-run.ts';
import {
  bulkResultSchema,
  bulkSchema,
  cancelSchema,
  idempotencyKeySchema,
  resumedSchema,
  resumeRunSchema,
  resumeTokenSchema,
  retrySchema,
  startRunSchema,
} from '../../operate/schemas/actions.ts';
import { runSummarySchema } from '../../operate/schemas/runs.ts';
import { startRun, type Started } from '../../operate/start-run.ts';
import { type Answer, defineRoute, type Route } from '../route.ts';
import { ofRun } from './runs.ts';

const started = {
  201: { description: 'The run that began', schema: runSummarySchema },
  200: { description: 'The run that the idempotency key found', schema: runSummarySchema },
};

export function startedAnswer({ run, created }: Started): Answer {
  return { status: created ? 201 : 200, json: run };
}

/** For what begins a run once for each key. */
export const keyHeader = z.object({
  'Idempotency-Key': idempotencyKeySchema.optional().meta({ description: 'Names this start: the same key once more finds what it began.' }),
});

const tokenHeader = z.object({
  'X-Pawl-Resume-Token': z.string().optional().meta({ description: 'Or `token` in the body, which comes first.' }),
});

export const actionRoutes: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/runs',
    id: 'startRun',
    tag: 'Actions',
    summary: 'Start a workflow by its name; with the header Idempotency-Key, once',
    access: 'act',
    act: 'run.start',
    headers: keyHeader,
    body: startRunSchema,
    answers: started,
    handle: async ({ operator, headers, body }) =>
      startedAnswer(await startRun(operator, { ...body, idempotencyKey: headers['Idempotency-Key'] })),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/bulk',
    id: 'bulk',
    tag: 'Actions',
    summary: 'Cancel or retry every run that fits, at most 1,000 at once; a dry run unless told otherwise',
    access: 'act',
    act: 'runs.bulk',
    body: bulkSchema,
    answers: { 200: { description: 'What was done', schema: bulkResultSchema } },
    handle: async ({ operator, body }) => ({ json: await bulk(operator, body) }),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/:id/cancel',
    id: 'cancelRun',
    tag: 'Actions',
    summary: 'Cancel a run, and the children of a flow; what has begun is undone only by the `onCancel` of a flow',
    access: 'act',
    act: 'run.cancel',
    params: ofRun,
    body: cancelSchema.default({}),
    answers: { 200: { description: 'The run', schema: runSummarySchema } },
    handle: async ({ operator, params, body }) => ({ json: await cancelRun(operator, params.id, body) }),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/:id/wake',
    id: 'wakeRun',
    tag: 'Actions',
    summary: 'Have a worker look at a run at once',
    access: 'act',
    act: 'run.wake',
    params: ofRun,
    body: z.object({}).default({}),
    answers: { 200: { description: 'The run', schema: runSummarySchema } },
    handle: async ({ operator, params }) => ({ json: await wakeRun(operator, params.id) }),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/:id/retry',
    id: 'retryRun',
    tag: 'Actions',
    summary: 'A new execution of a flow that goes on where this one stopped, or at an earlier step',
    access: 'act',
    act: 'run.retry',
    params: ofRun,
    body: retrySchema.default({}),
    answers: { 201: started[201] },
    handle: async ({ operator, params, body }) => startedAnswer(await retryRun(operator, params.id, body)),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/:id/replay',
    id: 'replayRun',
    tag: 'Actions',
    summary: 'A new run with the same input',
    access: 'act',
    act: 'run.replay',
    params: ofRun,
    body: z.object({}).default({}),
    answers: { 201: started[201] },
    handle: async ({ operator, params }) => startedAnswer(await replayRun(operator, params.id)),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/:id/resume',
    id: 'resumeRun',
    tag: 'Actions',
    summary: 'End the wait of a flow, or give a hook what it waits for, without its token',
    access: 'act',
    act: 'run.resume',
    params: ofRun,
    body: resumeRunSchema.default({}),
    answers: { 200: { description: 'Which run went on', schema: resumedSchema } },
    handle: async ({ operator, params, body }) => ({ json: await resumeRun(operator, params.id, body) }),
  }),
  defineRoute({
    method: 'post',
    path: '/resume',
    id: 'resumeByToken',
    tag: 'Actions',
    summary: 'End the wait that this resume token is for; needs no other token',
    access: 'public',
    exposed: 'resume',
    headers: tokenHeader,
    body: resumeTokenSchema,
    answers: { 200: { description: 'Which run went on', schema: resumedSchema } },
    async handle({ operator, headers, body }) {
      const token = body.token ?? headers['X-Pawl-Resume-Token'];
      if (token === undefined) throw invalid('There is no resume token: give it as `token`, or in the header X-Pawl-Resume-Token.');
      return { json: await resumeByToken(operator, token, body.data) };
    },
  }),
];
