import { errorCode } from '../base/error-code.ts';
import { describeError } from '../base/logger.ts';
import { startFlow } from '../operate/start-flow.ts';
import { followRun } from '../operate/follow-run.ts';
import { getRun, type RunDetail } from '../operate/get-run.ts';
import type { Operator } from '../operate/operator.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { Progress } from './progress.ts';
import { readFlowFile } from './read-flow-file.ts';
import { type Session, withNewOperator } from './session.ts';
import { showPayload } from './show-payload.ts';

export interface FlowStartOptions {
  readonly input?: Record<string, unknown>;
  readonly inputFile?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Starts an execution of a flow, and waits for its end if asked to: then the answer is no if it failed or was cancelled. */
export async function flowStart(session: Session, flow: string, options: FlowStartOptions): Promise<ExitCode> {
  const { key, tenant, wait = false, json = false } = options;
  const [, flowId = flow, version] = /^([^@]+)@(.+)$/.exec(flow) ?? [];
  const input = await readInput(options);
  return await withNewOperator(session, async (operator) => {
    const { run, created } = await startFlow(operator, flowId, {
      input,
      ...(version === undefined ? {} : { version }),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(tenant === undefined ? {} : { tenantId: tenant }),
    });
    const { runId } = run;
    if (!wait) {
      if (json) session.out(JSON.stringify({ runId, created, status: run.status }));
      else session.out(startedText(runId, created));
      return exitCodes.done;
    }
    // Whatever becomes of the waiting, the run is there. With JSON stderr is for an error alone, which names it.
    if (!json) session.err(`${startedText(runId, created)}\n`);
    const { status, output, error } = await untilEnd(session, operator, runId).catch((cause: unknown) => {
      throw new CliError(
        errorCode(cause),
        exitCodes.failed,
        `${startedText(runId, created)} Waiting for its end failed: ${describeError(cause)}`,
      );
    });
    if (json) session.out(JSON.stringify({ runId, created, status, output, error }));
    else
      session.out(
        status === 'completed'
          ? showPayload(output, Number.POSITIVE_INFINITY)
          : `Run ${runId} ${status}${error ? `: ${error.message}` : ''}.`,
      );
    return status === 'completed' ? exitCodes.done : exitCodes.no;
  });
}

function startedText(runId: string, created: boolean): string {
  return created ? `Run ${runId} is started.` : `Run ${runId} was started before with this key.`;
}

async function readInput({ input, inputFile }: FlowStartOptions): Promise<Record<string, unknown>> {
  if (input && inputFile !== undefined) throw new CliError('INVALID_INPUT', exitCodes.usage, 'Give --input or --input-file, not both.');
  const given = inputFile === undefined ? (input ?? {}) : await readFlowFile(inputFile);
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>;
  throw new CliError('INVALID_INPUT', exitCodes.usage, 'The input of a flow is a JSON object.');
}

async function untilEnd(session: Session, operator: Operator, runId: string): Promise<RunDetail> {
  const progress = new Progress(session, { what: `for run ${runId} to end`, total: undefined });
  const stop = progress.tick();
  try {
    for await (const { status } of followRun(operator, runId, new AbortController().signal)) progress.note(status);
    return await getRun(operator, runId);
  } finally {
    stop();
    progress.end();
  }
}
