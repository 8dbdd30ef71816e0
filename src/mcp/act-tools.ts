import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { cancelRun } from '../operate/change-run.ts';
import { checkFlow, registerFlow } from '../operate/flows.ts';
import type { Operator } from '../operate/operator.ts';
import { resumeRun } from '../operate/resume.ts';
import { tryAgain } from '../operate/retry-run.ts';
import { runIdSchema } from '../operate/schemas/common.ts';
import { startRun } from '../operate/start-run.ts';
import { wouldCancel, wouldRegister, wouldResume, wouldRetry, wouldStart } from './dry-run.ts';
import { once } from './once.ts';
import { addTool } from './tool.ts';

const runId = runIdSchema.describe('The id of a run, as wrun_….');
const dryRun = z.boolean().default(false).describe('Only check, and say what would be done. Changes nothing.');
const idempotencyKey = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .describe(
    'Names this act: another call with the same key does nothing, and answers as the first one did. Use a new one for each intent.',
  );

/** What an agent may do. Every act obeys the scopes and the tenant of the caller, and leaves a line in the audit log. */
export function addActTools(server: McpServer, operator: Operator): void {
  addTool(server, operator, {
    name: 'start_run',
    title: 'Start a run',
    description:
      'Start a workflow: a function by its full name (workflow//./workflows/order//order) or by its short one if runs of it are known, a flow as flow//<id> or flow//<id>@<version> with one object as its argument.',
    scope: 'act',
    act: { destructive: false, idempotent: false },
    input: { workflow: z.string().min(1).max(500), args: z.array(z.unknown()).max(100).default([]), idempotencyKey, dryRun },
    run: async (as, { dryRun: dry, ...given }) => (dry ? wouldStart(as, given) : startRun(as, given)),
  });

  addTool(server, operator, {
    name: 'resume_run',
    title: 'Resume a run',
    description: 'Give a run what it waits for: data for the wait of a flow, or for a hook of code. list_waits says what that is.',
    scope: 'act',
    act: { destructive: false, idempotent: false },
    input: {
      runId,
      hookId: z.string().max(300).optional().describe('Which hook, if the run waits for several.'),
      data: z.unknown().optional(),
      idempotencyKey,
      dryRun,
    },
    run: async (as, { runId: id, dryRun: dry, idempotencyKey: key, ...given }) => {
      if (dry) return wouldResume(as, id, given);
      return once(as, { action: 'run.resume', target: id, key }, () => resumeRun(as, id, given));
    },
  });

  addTool(server, operator, {
    name: 'cancel_run',
    title: 'Cancel a run',
    description:
      'Cancel a run, and the children of a flow; what has begun is undone only by the `onCancel` of a flow. A run that is cancelled already stays so: calling again is harmless.',
    scope: 'act',
    act: { destructive: true, idempotent: true },
    input: { runId, reason: z.string().min(1).max(1_000).optional(), idempotencyKey, dryRun },
    run: async (as, { runId: id, dryRun: dry, reason }) => (dry ? wouldCancel(as, id) : cancelRun(as, id, { reason })),
  });

  addTool(server, operator, {
    name: 'retry_run',
    title: 'Retry a run',
    description:
      'A new run in the place of one that ended: a flow goes on where it stopped, or from an earlier step; a run of code begins anew with the same input. The old run stays as it is.',
    scope: 'act',
    act: { destructive: false, idempotent: false },
    input: { runId, fromStep: z.string().max(200).optional().describe('Of a flow: the step to go on from.'), idempotencyKey, dryRun },
    run: async (as, { runId: id, dryRun: dry, ...given }) => (dry ? wouldRetry(as, id, given) : tryAgain(as, id, given)),
  });

  addTool(server, operator, {
    name: 'register_flow',
    title: 'Register a flow',
    description:
      'Keep a version of a flow. The same once more changes nothing; a change needs a new version. With dryRun it is only checked, and every problem told.',
    scope: 'admin',
    act: { destructive: false, idempotent: true },
    input: {
      definition: z.record(z.string(), z.unknown()).describe('The flow, as schema/flow.schema.json says.'),
      unknownHandlers: z
        .enum(['refuse', 'allow'])
        .default('refuse')
        .describe('allow: workers elsewhere know handlers that this process does not.'),
      idempotencyKey,
      dryRun,
    },
    run: async (as, { definition, unknownHandlers, dryRun: dry }) => {
      if (dry) return wouldRegister(as, definition, await checkFlow(as, definition, { unknownHandlers }));
      return registerFlow(as, definition, { unknownHandlers });
    },
  });
}
