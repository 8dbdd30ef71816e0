import { z } from 'zod';
import { pageQuerySchema, pageSchema } from '../../operate/schemas/common.ts';
import { fireSchema, firingSchema, triggerDefinitionSchema, triggerDetailSchema, triggerSchema } from '../../operate/schemas/flows.ts';
import { enableTrigger, fireTrigger, getTrigger, listFirings, listTriggers, putTrigger } from '../../operate/triggers.ts';
import { receiveWebhook } from '../../operate/webhook.ts';
import { readBytes } from '../read-body.ts';
import { defineRoute, type Route } from '../route.ts';

const ofTrigger = z.object({ id: z.string().regex(/^[^\0/]{1,200}$/) });
const detail = { 200: { description: 'The trigger', schema: triggerDetailSchema } };

export const triggerRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/triggers',
    id: 'listTriggers',
    tag: 'Triggers',
    summary: 'The triggers',
    access: 'read',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of them', schema: pageSchema(triggerSchema) } },
    handle: async ({ operator, query }) => ({ json: await listTriggers(operator, query) }),
  }),
  defineRoute({
    method: 'post',
    path: '/triggers',
    id: 'putTrigger',
    tag: 'Triggers',
    summary: 'Keep a trigger, or replace the one with its id',
    access: 'admin',
    act: 'trigger.put',
    body: triggerDefinitionSchema,
    answers: { 201: { description: 'The trigger', schema: triggerDetailSchema } },
    handle: async ({ operator, body }) => ({ status: 201, json: await putTrigger(operator, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/triggers/:id',
    id: 'getTrigger',
    tag: 'Triggers',
    summary: 'One trigger, with the next instants at which it fires',
    access: 'read',
    params: ofTrigger,
    answers: detail,
    handle: async ({ operator, params }) => ({ json: await getTrigger(operator, params.id) }),
  }),
  defineRoute({
    method: 'get',
    path: '/triggers/:id/firings',
    id: 'listFirings',
    tag: 'Triggers',
    summary: 'What became of its firings, the newest first',
    access: 'read',
    params: ofTrigger,
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of them', schema: pageSchema(firingSchema) } },
    handle: async ({ operator, params, query }) => ({ json: await listFirings(operator, params.id, query) }),
  }),
  ...([true, false] as const).map((enabled) =>
    defineRoute({
      method: 'post',
      path: `/triggers/:id/${enabled ? 'enable' : 'disable'}`,
      id: enabled ? 'enableTrigger' : 'disableTrigger',
      tag: 'Triggers',
      summary: enabled ? 'Let it fire' : 'Let it fire no more',
      access: 'admin',
      act: enabled ? 'trigger.enable' : 'trigger.disable',
      params: ofTrigger,
      body: z.object({}).default({}),
      answers: detail,
      handle: async ({ operator, params }) => ({ json: await enableTrigger(operator, params.id, enabled) }),
    }),
  ),
  defineRoute({
    method: 'post',
    path: '/triggers/:id/fire',
    id: 'fireTrigger',
    tag: 'Triggers',
    summary: 'Fire it once, now',
    access: 'act',
    act: 'trigger.fire',
    params: ofTrigger,
    body: fireSchema.default({}),
    answers: { 200: { description: 'What became of it', schema: firingSchema } },
    handle: async ({ operator, params, body }) => ({ json: await fireTrigger(operator, params.id, body) }),
  }),
];

const accepted = z.object({ executionId: z.string() }).meta({ id: 'Accepted' });

/** What others send to an http trigger; who they are is for the trigger's signature to say. */
export function webhookRoutes(maxBodyBytes: number): readonly Route[] {
  return (['get', 'post', 'put', 'patch', 'delete'] as const).map((method) =>
    defineRoute({
      method,
      path: '/triggers/:id/webhook',
      id: `webhook${method[0]?.toUpperCase()}${method.slice(1)}`,
      tag: 'Triggers',
      summary: 'What fires an http trigger, with the method and the signature that the trigger asks for',
      access: 'public',
      exposed: 'triggers',
      params: ofTrigger,
      rawBody: true,
      answers: {
        202: { description: 'It began', schema: accepted },
        200: { description: 'It was begun before, by the same idempotency key', schema: accepted },
      },
      async handle({ operator, params, request }) {
        const { executionId, created } = await receiveWebhook(operator, params.id, {
          method: request.method,
          query: Object.fromEntries(new URL(request.url).searchParams),
          headers: Object.fromEntries(request.headers),
          rawBody: await readBytes(request, maxBodyBytes),
        });
        return { status: created ? 202 : 200, json: { executionId } };
      },
    }),
  );
}
