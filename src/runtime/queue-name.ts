import { badRequest } from '../world/errors.ts';

export type QueueKind = 'workflow' | 'step';

export interface QueueName {
  /** `''` where the SDK runs without one. */
  readonly namespace: string;
  readonly kind: QueueKind;
  /** The name of the workflow or the step; any text. */
  readonly id: string;
}

const pattern = /^__(?:([a-z][a-z0-9]*)_)?wkf_(workflow|step)_(.*)$/s;

/** Reads `__[<namespace>_]wkf_(workflow|step)_<id>` (spec/world.md D1). */
export function parseQueueName(name: string): QueueName {
  const match = pattern.exec(name);
  if (!match?.[3])
    throw badRequest(`"${name}" is not a queue name: "__wkf_workflow_<name>" or "__wkf_step_<name>" is, with or without a namespace.`);
  return { namespace: match[1] ?? '', kind: match[2] as QueueKind, id: match[3] };
}

/** As what messages of a handler are stored, so that a claim leaves those that are for another one: its namespace, and for steps more. */
export function messageNamespace({ namespace, kind }: Omit<QueueName, 'id'>): string {
  return kind === 'workflow' ? namespace : `${namespace}/step`;
}

export function parseQueuePrefix(prefix: string): Omit<QueueName, 'id'> {
  const match = pattern.exec(prefix);
  if (!match || match[3] !== '') throw badRequest(`"${prefix}" is not a queue prefix: "__wkf_workflow_" or "__wkf_step_" is.`);
  return { namespace: match[1] ?? '', kind: match[2] as QueueKind };
}
