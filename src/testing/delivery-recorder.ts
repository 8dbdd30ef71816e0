import type { MessageId, QueuePrefix, ValidQueueName, World } from '@workflow/world';

export interface Delivery {
  readonly message: Record<string, unknown>;
  readonly attempt: number;
  readonly queueName: ValidQueueName;
  readonly messageId: MessageId;
  /** The place among all deliveries of this recorder, from 0. */
  readonly index: number;
}

export type DeliveryAnswer = void | { timeoutSeconds: number };
export type OnDelivery = (delivery: Delivery) => DeliveryAnswer | Promise<DeliveryAnswer>;

type FindDelivery = (matches: (delivery: Delivery) => boolean, nth?: number) => Promise<Delivery>;

export interface DeliveryRecorder {
  /** Everything that arrived so far, in order of arrival. */
  readonly deliveries: readonly Delivery[];
  /** The `nth` delivery (from 1) that `matches`, as soon as it has arrived. */
  readonly arrival: FindDelivery;
  /** The same, as soon as the handler has answered, whether by a value or by an error. */
  readonly answer: FindDelivery;
  /** What the World made of the handler: answers a request of an HTTP route. */
  readonly respond: (request: Request) => Promise<Response>;
}

/** Registers a handler that notes each delivery and then does what `onDelivery` says; by default it acknowledges. */
export function recordDeliveries(world: World, prefix: QueuePrefix, onDelivery: OnDelivery = () => {}): DeliveryRecorder {
  const [arrived, answered] = [createNotes(), createNotes()];
  // The SDK takes the method off its object before it calls it.
  const { createQueueHandler } = world;
  const respond = createQueueHandler(prefix, async (message, meta) => {
    const { attempt, queueName, messageId } = meta;
    const index = arrived.deliveries.length;
    const delivery = { message: message as Record<string, unknown>, attempt, queueName, messageId, index };
    arrived.add(delivery);
    try {
      return await onDelivery(delivery);
    } finally {
      answered.add(delivery);
    }
  });
  return { deliveries: arrived.deliveries, arrival: arrived.find, answer: answered.find, respond };
}

function createNotes() {
  const deliveries: Delivery[] = [];
  const waiting = new Set<() => void>();
  const find: FindDelivery = (matches, nth = 1) =>
    new Promise((resolve) => {
      const look = () => {
        const found = deliveries.filter(matches)[nth - 1];
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const add = (delivery: Delivery) => {
    deliveries.push(delivery);
    for (const look of waiting) look();
  };
  return { deliveries, find, add };
}

export const forRun =
  (runId: string) =>
  ({ message }: Delivery): boolean =>
    message['runId'] === runId;

export const forStep =
  (runId: string, stepId: string) =>
  ({ message }: Delivery): boolean =>
    message['workflowRunId'] === runId && message['stepId'] === stepId;
