import type { ClaimedStep } from '../world/port.ts';
import type { MessageRow, TakenRun } from '../world/rows.ts';
import type { DeliveryRequest } from './deliver.ts';
import { type Message, runMessage, storedMessage } from './messages.ts';
import { parseQueueName } from './queue-name.ts';

/** A message as far as it could be read: what stands in the way ends its own delivery and no other. */
export type Read = Pick<DeliveryRequest, 'message' | 'unreadable' | 'inbox'>;

export function readMessage(read: () => Message): Read {
  try {
    return { message: read(), inbox: [] };
  } catch (error) {
    return notRead(error);
  }
}

/** The message of a run with all that was left in its inbox. */
export async function readWithInbox(run: TakenRun, listInbox: (runId: string) => Promise<readonly MessageRow[]>): Promise<Read> {
  try {
    const inbox = await listInbox(run.runId);
    return { message: runMessage(run, inbox), inbox: inbox.map(({ messageId }) => messageId) };
  } catch (error) {
    return notRead(error);
  }
}

/** `seen`: the row of the run, unless it is out of date by now. */
export function runRequest(
  run: TakenRun,
  read: Read,
  { seen, certain }: Pick<DeliveryRequest, 'certain'> & { seen: boolean },
): DeliveryRequest {
  return {
    of: 'run',
    shard: run.shard,
    runId: run.runId,
    id: run.runId,
    name: run.workflowName,
    namespace: run.namespace,
    deploymentId: run.deploymentId,
    lease: { owner: String(run.leaseOwner), epoch: run.leaseEpoch },
    attempt: run.deliveries,
    ...read,
    run: seen ? run : undefined,
    step: undefined,
    waitsDue: run.waitsDue === 1,
    birth: null,
    certain,
  };
}

export function stepRequest({ step, run, birth }: ClaimedStep, read: Read): DeliveryRequest {
  return {
    of: 'step',
    shard: step.shard,
    runId: step.runId,
    id: step.stepId,
    name: step.stepName,
    namespace: step.namespace,
    deploymentId: '',
    lease: { owner: String(step.leaseOwner), epoch: step.leaseEpoch },
    attempt: step.deliveries,
    ...read,
    run,
    step,
    waitsDue: false,
    birth,
  };
}

export function messageRequest(row: MessageRow): DeliveryRequest {
  let [name, namespace] = ['', ''];
  const read = readMessage(() => {
    ({ id: name, namespace } = parseQueueName(row.queueName));
    return storedMessage(row);
  });
  return {
    of: 'message',
    shard: row.shard,
    runId: row.runId,
    id: row.messageId,
    name,
    namespace,
    deploymentId: '',
    lease: { owner: String(row.leaseOwner), epoch: row.leaseEpoch },
    attempt: row.deliveries,
    ...read,
    run: undefined,
    step: undefined,
    waitsDue: false,
    birth: null,
  };
}

function notRead(error: unknown): Read {
  const unreadable = error instanceof Error ? error : new Error(String(error));
  return { message: { payload: {}, headers: {}, messageId: '' }, inbox: [], unreadable };
}
