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

/** The header of a request; throws INVALID_INPUT for one that is too long. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const given = request.headers.get('idempotency-key') ?? undefined;
  if (given === undefined || idempotencyKeySchema.safeParse(given).success) return given;
  throw invalid('The header Idempotency-Key must be 1 to 256 characters.');
}

export const actionRoutes: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/runs',
    id: 'startRun',
    tag: 'Actions',
    summary: 'Start a workflow by its name; with the header Idempotency-Key, once',
    access: 'act',
    body: startRunSchema,
    answers: started,
    handle: async ({ operator, body, request }) =>
      startedAnswer(await startRun(operator, { ...body, idempotencyKey: idempotencyKeyOf(request) })),
  }),
  defineRoute({
    method: 'post',
    path: '/runs/bulk',
    id: 'bulk',
    tag: 'Actions',
    summary: 'Cancel or retry every run that fits, at most 1,000 at once; a dry run unless told otherwise',
    access: 'act',
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
    body: resumeTokenSchema,
    answers: { 200: { description: 'Which run went on', schema: resumedSchema } },
    async handle({ operator, body, request }) {
      const token = body.token ?? request.headers.get('x-pawl-resume-token') ?? '';
      if (token === '') throw invalid('There is no resume token: give it as `token`, or in the header X-Pawl-Resume-Token.');
      return { json: await resumeByToken(operator, token, body.data) };
    },
  }),
];
