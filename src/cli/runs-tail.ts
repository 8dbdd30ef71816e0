import { followRun } from '../operate/follow-run.ts';
import { followStream } from '../operate/follow-stream.ts';
import type { Operator } from '../operate/operator.ts';
import { listEvents, type ShownEvent } from '../operate/run-log.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';
import { showPayload } from './show-payload.ts';
import { printableText } from './table.ts';

export interface RunsTailOptions {
  readonly stream?: string;
  readonly json?: boolean;
}

const pageSize = 200;

/** Prints what a run has done and does, until it is over; or one of its streams, until that is closed or the run is over. With JSON, one value per line. */
export async function runsTail(session: Session, runId: string, { stream, json = false }: RunsTailOptions): Promise<ExitCode> {
  const { signal } = new AbortController();
  return await withOperator(session, async (operator) => {
    if (stream !== undefined) {
      const follow = await followStream(operator, { runId, name: stream });
      for await (const chunk of follow(signal)) {
        const text = 'text' in chunk ? chunk.text : 'base64' in chunk ? chunk.base64 : `(${chunk.hidden})`;
        session.out(json ? JSON.stringify(chunk) : text.split('\n').map(printableText).join('\n').trimEnd());
      }
      return exitCodes.done;
    }
    let status = '';
    let cursor: string | undefined;
    for await (const mark of followRun(operator, runId, signal)) {
      ({ status } = mark);
      cursor = await printEvents(session, operator, { runId, cursor, json });
    }
    return status === 'failed' || status === 'cancelled' ? exitCodes.no : exitCodes.done;
  });
}

async function printEvents(
  session: Session,
  operator: Operator,
  { runId, cursor: from, json }: { readonly runId: string; readonly cursor: string | undefined; readonly json: boolean },
): Promise<string | undefined> {
  for (let cursor = from; ;) {
    const page = await listEvents(operator, runId, { limit: pageSize, cursor });
    for (const event of page.data) session.out(json ? JSON.stringify(event) : renderEvent(event));
    cursor = page.cursor ?? cursor;
    if (!page.hasMore) return cursor;
  }
}

function renderEvent({ at, eventType, correlationId, data }: ShownEvent): string {
  return printableText(
    [at, eventType.padEnd(14), correlationId ?? '', data.state === 'none' ? '' : showPayload(data)].join('  ').trimEnd(),
  );
}
