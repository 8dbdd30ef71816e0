import { listAudit } from '../../operate/audit.ts';
import { pageQuerySchema, pageSchema } from '../../operate/schemas/common.ts';
import { auditEntrySchema, meSchema, systemSchema, throughputQuerySchema, throughputSchema } from '../../operate/schemas/system.ts';
import { getSystem } from '../../operate/system.ts';
import { getThroughput } from '../../operate/throughput.ts';
import { ownVersion } from '../../operate/version.ts';
import { defineRoute, type Route } from '../route.ts';

export const systemRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/me',
    id: 'getMe',
    tag: 'System',
    summary: 'Who asks, and what it may do',
    access: 'anyone',
    answers: { 200: { description: 'The owner of the token', schema: meSchema } },
    async handle({ operator: { caller }, auth }) {
      const { name, scopes, tenantId } = caller;
      return { json: { name, scopes, tenantId, auth, version: ownVersion() } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/system',
    id: 'getSystem',
    tag: 'System',
    summary: 'The database, its workers and its queue',
    access: 'read',
    answers: { 200: { description: 'As of now', schema: systemSchema } },
    handle: async ({ operator }) => ({ json: await getSystem(operator) }),
  }),
  defineRoute({
    method: 'get',
    path: '/system/throughput',
    id: 'getThroughput',
    tag: 'System',
    summary: 'Runs and steps over time',
    access: 'read',
    query: throughputQuerySchema,
    answers: { 200: { description: 'By buckets of time', schema: throughputSchema } },
    handle: async ({ operator, query }) => ({ json: await getThroughput(operator, query.window) }),
  }),
  defineRoute({
    method: 'get',
    path: '/audit',
    id: 'listAudit',
    tag: 'System',
    summary: 'What was done in whose name, the newest first',
    access: 'admin',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of the audit log', schema: pageSchema(auditEntrySchema) } },
    handle: async ({ operator, query }) => ({ json: await listAudit(operator, query) }),
  }),
];
