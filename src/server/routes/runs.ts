import { z } from 'zod';
import { explainRun } from '../../operate/explain-run.ts';
import { getRun } from '../../operate/get-run.ts';
import { listRuns } from '../../operate/list-runs.ts';
import { listEvents } from '../../operate/run-log.ts';
import { getStep, listSteps, listStepSummaries } from '../../operate/run-steps.ts';
import { listHooks, listStreams, listWaits } from '../../operate/run-waits.ts';
import { ownNameSchema, pageQuerySchema, pageSchema, payloadsSchema, runIdSchema } from '../../operate/schemas/common.ts';
import {
  eventSchema,
  explanationSchema,
  hookSchema,
  runDetailSchema,
  runQuerySchema,
  runSummarySchema,
  stepSchema,
  stepSummarySchema,
  streamSchema,
  waitSchema,
} from '../../operate/schemas/runs.ts';
import { defineRoute, type Route } from '../route.ts';

export const ofRun = z.object({ id: runIdSchema });
const ordered = pageQuerySchema.extend({ order: z.enum(['asc', 'desc']).optional() });

export const runRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/runs',
    id: 'listRuns',
    tag: 'Runs',
    summary: 'Runs and executions that fit, the newest first',
    access: 'read',
    query: runQuerySchema,
    answers: { 200: { description: 'A page of them', schema: pageSchema(runSummarySchema) } },
    handle: async ({ operator, query }) => ({ json: await listRuns(operator, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id',
    id: 'getRun',
    tag: 'Runs',
    summary: 'One run, with its input and output',
    access: 'read',
    params: ofRun,
    answers: { 200: { description: 'The run', schema: runDetailSchema } },
    handle: async ({ operator, params }) => ({ json: await getRun(operator, params.id) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/events',
    id: 'listEvents',
    tag: 'Runs',
    summary: 'The log of a run, the oldest first; the cursor of the last page goes on with what is written later',
    access: 'read',
    params: ofRun,
    query: ordered,
    answers: { 200: { description: 'A page of it', schema: pageSchema(eventSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listEvents(operator, params.id, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/steps',
    id: 'listSteps',
    tag: 'Runs',
    summary: 'The steps of a run with their attempts, the oldest first',
    access: 'read',
    params: ofRun,
    query: ordered.extend({ payloads: payloadsSchema }),
    answers: { 200: { description: 'A page of them', schema: pageSchema(z.union([stepSchema, stepSummarySchema])) } },
    handle: async ({ operator, params, query: { payloads, ...page } }) => ({
      json: await (payloads === 'none' ? listStepSummaries : listSteps)(operator, params.id, page),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/steps/:stepId',
    id: 'getStep',
    tag: 'Runs',
    summary: 'One step of a run, with its input and output',
    access: 'read',
    params: ofRun.extend({ stepId: ownNameSchema }),
    answers: { 200: { description: 'The step', schema: stepSchema } },
    handle: async ({ operator, params }) => ({ json: await getStep(operator, params.id, params.stepId) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/hooks',
    id: 'listHooks',
    tag: 'Runs',
    summary: 'What a run waits for from outside, or did',
    access: 'read',
    params: ofRun,
    query: ordered,
    answers: { 200: { description: 'A page of hooks, without their tokens', schema: pageSchema(hookSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listHooks(operator, params.id, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/waits',
    id: 'listWaits',
    tag: 'Runs',
    summary: 'What a run sleeps for, or did',
    access: 'read',
    params: ofRun,
    query: ordered,
    answers: { 200: { description: 'A page of waits', schema: pageSchema(waitSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listWaits(operator, params.id, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/streams',
    id: 'listStreams',
    tag: 'Runs',
    summary: 'The streams that a run writes',
    access: 'read',
    params: ofRun,
    query: ordered,
    answers: { 200: { description: 'A page of streams', schema: pageSchema(streamSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listStreams(operator, params.id, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/runs/:id/explain',
    id: 'explainRun',
    tag: 'Runs',
    summary: 'Why a run is where it is, in one paragraph',
    access: 'read',
    params: ofRun,
    answers: { 200: { description: 'The reason', schema: explanationSchema } },
    handle: async ({ operator, params }) => ({ json: await explainRun(operator, params.id) }),
  }),
];
