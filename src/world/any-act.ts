import type { FlowAct, FlowOutcome } from './flow-port.ts';
import type { Act, Outcome } from './port.ts';

/** What a store is asked to do, for code or for flows: they share its transactions. */
export type AnyAct = Act | FlowAct;
export type AnyOutcome = Outcome | FlowOutcome;

const ofFlows: Readonly<Record<FlowAct['kind'], true>> = {
  flowCommit: true,
  claimExecution: true,
  releaseExecution: true,
  deleteExecution: true,
  settleChild: true,
  createToken: true,
  disposeTokens: true,
  saveFlows: true,
  saveTrigger: true,
  deleteTrigger: true,
  triggerHeard: true,
};

export function isFlowAct(act: { readonly kind: string }): act is FlowAct {
  return Object.hasOwn(ofFlows, act.kind);
}
