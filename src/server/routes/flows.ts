import { z } from 'zod';
import { checkFlow, getFlowVersion, listFlows, listFlowVersions, registerFlow } from '../../operate/flows.ts';
import { startFlowSchema } from '../../operate/schemas/actions.ts';
import { pageQuerySchema, pageSchema } from '../../operate/schemas/common.ts';
import {
  flowCheckSchema,
  flowDefinitionSchema,
  flowDetailSchema,
  flowSummarySchema,
  flowVersionSchema,
} from '../../operate/schemas/flows.ts';
import { runSummarySchema } from '../../operate/schemas/runs.ts';
import { startFlow } from '../../operate/start-flow.ts';
import { defineRoute, type Route } from '../route.ts';
import { keyHeader, startedAnswer } from './actions.ts';

const name = z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/);
const ofFlow = z.object({ id: name });
const checks = z.object({
  unknownHandlers: z.enum(['refuse', 'allow']).optional().meta({ description: '`allow`: workers elsewhere have them; default refuse.' }),
});

export const flowRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/flows',
    id: 'listFlows',
    tag: 'Flows',
    summary: 'The flows that are registered',
    access: 'read',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of them', schema: pageSchema(flowSummarySchema) } },
    handle: async ({ operator, query }) => ({ json: await listFlows(operator, query) }),
  }),
  defineRoute({
    method: 'post',
    path: '/flows',
    id: 'registerFlow',
    tag: 'Flows',
    summary: 'Register a version of a flow',
    access: 'admin',
    act: 'flow.register',
    query: checks,
    body: flowDefinitionSchema,
    answers: { 201: { description: 'The version as it is kept', schema: flowDetailSchema } },
    handle: async ({ operator, body, query }) => ({ status: 201, json: await registerFlow(operator, body, query) }),
  }),
  defineRoute({
    method: 'post',
    path: '/flows/validate',
    id: 'validateFlow',
    tag: 'Flows',
    summary: 'Everything that is wrong with a flow, without keeping it',
    access: 'read',
    query: checks,
    body: z.unknown(),
    answers: { 200: { description: 'The problems, if there are any', schema: flowCheckSchema } },
    handle: async ({ operator, body, query }) => ({ json: await checkFlow(operator, body, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/flows/:id',
    id: 'listFlowVersions',
    tag: 'Flows',
    summary: 'The versions of a flow, the newest first',
    access: 'read',
    params: ofFlow,
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of them', schema: pageSchema(flowVersionSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listFlowVersions(operator, params.id, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/flows/:id/versions/:version',
    id: 'getFlowVersion',
    tag: 'Flows',
    summary: 'One version of a flow with its graph; `latest` is the newest',
    access: 'read',
    params: ofFlow.extend({ version: z.string().regex(/^[\w.+-]{1,100}$/) }),
    answers: { 200: { description: 'The version', schema: flowDetailSchema } },
    handle: async ({ operator, params }) => ({ json: await getFlowVersion(operator, params.id, params.version) }),
  }),
  defineRoute({
    method: 'post',
    path: '/flows/:id/start',
    id: 'startFlow',
    tag: 'Flows',
    summary: 'Start an execution of a flow; with an idempotency key, once',
    access: 'act',
    act: 'flow.start',
    params: ofFlow,
    headers: keyHeader,
    body: startFlowSchema.default({ input: {} }),
    answers: {
      201: { description: 'The execution that began', schema: runSummarySchema },
      200: { description: 'The execution that the key found', schema: runSummarySchema },
    },
    async handle({ operator, params, headers, body }) {
      const idempotencyKey = body.idempotencyKey ?? headers['Idempotency-Key'];
      const { idempotencyKey: _, ...rest } = body;
      return startedAnswer(await startFlow(operator, params.id, { ...rest, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }));
    },
  }),
];
