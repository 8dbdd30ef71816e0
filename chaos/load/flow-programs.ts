import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Flow, FlowError, openEngine, type WorldEngine } from '../../src/index.ts';
import type { Program, Programs } from './program.ts';
import { isOutage } from './outage.ts';

const folder = new URL('../app/flows/', import.meta.url);

/** What a host is told so that it works on flows too. */
export const flowSettings = { E2E_FLOWS: new URL('work.mjs', folder).href };

interface Kind {
  readonly flow: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly listens?: true;
}

export interface FlowPrograms {
  readonly programs: Programs;
  close(): Promise<void>;
}

// Long enough for a start that is asked again; an execution is kept as long as its key, whatever the retention.
const keyMs = 60_000;
const marksOf = ['m0', 'm1', 'm2', 'm3'];

/** Executions of the flows in chaos/app/flows/load.json, made and answered by an engine of this process that does not work. */
export async function openFlowPrograms(env: Readonly<Record<string, string>>): Promise<FlowPrograms> {
  const flows = JSON.parse(await readFile(new URL('load.json', folder), 'utf8')) as Flow[];
  const idle = { type: 'work', execute: () => Promise.reject(new Error('Nobody works here.')) };
  const engine = await openEngine({ env: { ...env, WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, flows, handlers: [idle] });
  const programs: Programs = (random) => {
    const bodies = marksOf.map(() => random.pick([1, 5, 15, 15, 300]));
    const tag = randomUUID();
    return program(
      engine,
      tag,
      random.pick<Kind>([
        { flow: 'load-walk', context: { tag, bodies } },
        { flow: 'load-spread', context: { tag, items: bodies.map((bodyMs) => ({ bodyMs, tag })) } },
        { flow: 'load-rest', context: { tag, bodies, napMs: random.between(1, 400) } },
        { flow: 'load-listen', context: { tag, bodies }, listens: true },
      ]),
    );
  };
  return { programs, close: () => engine.close() };
}

function program(engine: WorldEngine, tag: string, { flow, context, listens }: Kind): Program {
  let unsure = false;
  return {
    name: flow,
    steps: marksOf.length,
    inOrder: flow !== 'load-spread',
    ...(listens ? { word: tag } : {}),
    async start() {
      const { execution } = await engine.create(flow, context, { idempotencyKey: tag, idempotencyTTL: keyMs });
      return execution.id;
    },
    async answer(id) {
      try {
        const { question } = (await engine.get(id)).context as { question?: { token: string } };
        if (!question) return false;
        await engine.resume({ token: question.token }, tag);
        return true;
      } catch (error) {
        // The token was used by a call whose answer got lost.
        if (unsure && FlowError.is(error, 'INVALID_RESUME_TOKEN')) return true;
        if (!isOutage(error) && !FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
        unsure = true;
        return false;
      }
    },
    async outcome(id) {
      const { marks, answer } = (await engine.get(id)).context as { marks: Record<string, string> | string[]; answer?: string };
      return { owner: tag, marks: Array.isArray(marks) ? marks : marksOf.flatMap((key) => marks[key] ?? []), word: answer };
    },
  };
}
