import { HostError, type HostApi } from '../../test/e2e/support/host-api.ts';
import type { Program, ProgramOutcome, Programs } from './program.ts';
import { isOutage } from './outage.ts';

interface Call {
  readonly workflow: string;
  readonly args: readonly unknown[];
  readonly steps: number;
  readonly token?: string;
}

/** Runs of the workflows in chaos/app/workflows/load.ts. `name` tells the tokens of several loads at a time apart. */
export function codePrograms(api: HostApi, name = 'word'): Programs {
  let tokens = 0;
  return (random) => {
    const bodies = Array.from({ length: random.between(4, 7) }, () => random.pick([1, 5, 15, 15, 300]));
    const token = `${name}-${(tokens += 1)}`;
    return program(
      api,
      random.pick<Call>([
        { workflow: 'load//walk', args: [bodies], steps: bodies.length },
        { workflow: 'load//spread', args: [bodies], steps: bodies.length },
        { workflow: 'load//rest', args: [bodies.slice(0, 4), random.between(1, 400)], steps: 4 },
        { workflow: 'load//listen', args: [bodies, token], steps: bodies.length, token },
      ]),
    );
  };
}

function program(api: HostApi, { workflow, args, steps, token }: Call): Program {
  return {
    name: workflow,
    steps,
    inOrder: workflow !== 'load//spread',
    ...(token === undefined ? {} : { word: token }),
    start: () => api.start(workflow, args),
    async answer() {
      try {
        await api.resume(String(token), { word: token });
        return true;
      } catch (error) {
        if (error instanceof HostError && (error.name === 'HookNotFoundError' || isOutage(error))) return false;
        throw error;
      }
    },
    outcome: (runId) => outcome(api, runId, token !== undefined),
  };
}

async function outcome(api: HostApi, runId: string, listened: boolean): Promise<ProgramOutcome> {
  const read = await api.result(runId);
  if (!read.ok && read.error.name === 'WorkflowWorldError') throw new HostError(read.error);
  const value = read.ok ? (read.value as string[]) : [];
  return { owner: runId, marks: listened ? value.slice(0, -1) : value, word: listened ? value.at(-1) : undefined };
}
