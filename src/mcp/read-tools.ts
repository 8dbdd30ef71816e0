import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { explainRun } from '../operate/explain-run.ts';
import { getFlowVersion, listFlows } from '../operate/flows.ts';
import { getRun } from '../operate/get-run.ts';
import { listRuns } from '../operate/list-runs.ts';
import type { Operator } from '../operate/operator.ts';
import { listEvents } from '../operate/run-log.ts';
import { listSteps, listStepSummaries } from '../operate/run-steps.ts';
import { listStreams } from '../operate/run-waits.ts';
import { payloadsSchema, runIdSchema } from '../operate/schemas/common.ts';
import { runQuerySchema } from '../operate/schemas/runs.ts';
import { getSystem } from '../operate/system.ts';
import { getThroughput } from '../operate/throughput.ts';
import { listHooksAndWaits } from './list-waits.ts';
import { readStream } from './read-stream.ts';
import { addTool } from './tool.ts';

const runId = runIdSchema.describe('The id of a run, as wrun_….');
const limit = z.number().int().min(1).max(200).optional().describe('Entries on a page; default 50.');
const cursor = z.string().optional().describe('The cursor of the page before, for the next one.');
const order = z.enum(['asc', 'desc']).optional();

/** What an agent may look at. */
export function addReadTools(server: McpServer, operator: Operator): void {
  addTool(server, operator, {
    name: 'list_runs',
    title: 'List runs',
    description:
      'Runs of code and of flows, the newest first, by status, kind, text in the name, time or text in the id. Answers { data, cursor, hasMore }.',
    scope: 'read',
    input: { ...runQuerySchema.omit({ limit: true }).shape, limit },
    run: async (as, query) => listRuns(as, query),
  });

  addTool(server, operator, {
    name: 'get_run',
    title: 'Get a run',
    description: 'Everything about one run: state, input, output, error, for a flow the path it took, and which actions are possible now.',
    scope: 'read',
    input: { runId },
    run: async (as, { runId: id }) => getRun(as, id),
  });

  addTool(server, operator, {
    name: 'explain_run',
    title: 'Explain a run',
    description: 'Why a run is where it is, in one paragraph, and what to do if it should not be: begin here when a run does not go on.',
    scope: 'read',
    input: { runId },
    run: async (as, { runId: id }) => explainRun(as, id),
  });

  addTool(server, operator, {
    name: 'list_steps',
    title: 'List the steps of a run',
    description:
      'The steps of a run with input, output, error and each attempt, the oldest first; `payloads: none` leaves out inputs and outputs. Answers { data, cursor, hasMore }.',
    scope: 'read',
    input: { runId, limit, cursor, payloads: payloadsSchema },
    run: async (as, { runId: id, payloads, ...page }) => (payloads === 'none' ? listStepSummaries : listSteps)(as, id, page),
  });

  addTool(server, operator, {
    name: 'list_events',
    title: 'List the log of a run',
    description: 'The log of a run, the oldest event first. At its end the cursor goes on with what is written later.',
    scope: 'read',
    input: { runId, limit, cursor, order },
    run: async (as, { runId: id, ...page }) => listEvents(as, id, page),
  });

  addTool(server, operator, {
    name: 'list_waits',
    title: 'List what a run waits for',
    description:
      'The hooks and the sleeps of a run, open and over, the oldest first unless `order` is desc. Tokens of hooks are not shown. Answers { hooks, waits, cursor, hasMore }.',
    scope: 'read',
    input: { runId, limit, cursor, order },
    run: async (as, { runId: id, ...page }) => listHooksAndWaits(as, id, page),
  });

  addTool(server, operator, {
    name: 'list_streams',
    title: 'List the streams of a run',
    description: 'The names of the streams that a run has written, with how many chunks they have. Answers { data, cursor, hasMore }.',
    scope: 'read',
    input: { runId, limit, cursor, order },
    run: async (as, { runId: id, ...page }) => listStreams(as, id, page),
  });

  addTool(server, operator, {
    name: 'read_stream',
    title: 'Read a stream',
    description: 'Chunks of a stream that are there now, from an index on. Call again with `next` for those that come later.',
    scope: 'read',
    input: { runId, name: z.string().max(300), from: z.number().int().min(0).default(0), limit },
    run: async (as, { runId: id, ...what }) => readStream(as, { runId: id, ...what }),
  });

  addTool(server, operator, {
    name: 'list_flows',
    title: 'List flows',
    description: 'The flows (workflows written as JSON) of this database, with their versions. Answers { data, cursor, hasMore }.',
    scope: 'read',
    input: { limit, cursor },
    run: async (as, page) => listFlows(as, page),
  });

  addTool(server, operator, {
    name: 'get_flow',
    title: 'Get a flow',
    description: 'One version of a flow: its definition, its graph, and the JSON Schema of its input.',
    scope: 'read',
    input: { flowId: z.string(), version: z.string().default('latest') },
    run: async (as, { flowId, version }) => getFlowVersion(as, flowId, version),
  });

  addTool(server, operator, {
    name: 'get_metrics',
    title: 'Get metrics',
    description:
      'Workers, queue depth and age, stuck runs (must be 0), and how many runs began and ended over time, with latencies of steps.',
    scope: 'read',
    input: { window: z.enum(['15m', '1h', '6h', '24h', '7d']).default('1h') },
    run: async (as, { window }) => ({ system: await getSystem(as), throughput: await getThroughput(as, window) }),
  });
}
