import type { FlowStore } from '../world/flow-port.ts';
import { listChildResults, tallyChildren } from './children.ts';
import type { Database } from './database.ts';
import { getExecutionMark, listExecutionMarks, listDueExecutions, readExecution } from './executions.ts';
import { getFlow, listFlows } from './flows.ts';
import { findKeyHolder } from './idempotency-keys.ts';
import { findTokenHolder } from './resume-tokens.ts';
import { getTrigger, listFirings, listScheduledTriggers, listTriggerEvents, listTriggers } from './triggers.ts';

export function flowReads(db: Database): Omit<FlowStore, 'commit'> {
  return {
    readExecution: (runId) => readExecution(db, runId),
    getExecutionMark: (runId) => getExecutionMark(db, runId),
    listExecutionMarks: (runIds) => listExecutionMarks(db, runIds),
    listDueExecutions: (query) => listDueExecutions(db, query),
    findKeyHolder: (query) => findKeyHolder(db, query),
    tallyChildren: (parentId, group) => tallyChildren(db, parentId, group),
    listChildResults: (query) => listChildResults(db, query),
    findTokenHolder: (token, now) => findTokenHolder(db, token, now),
    getFlow: (flowId, version) => getFlow(db, flowId, version),
    listFlows: (...query) => listFlows(db, ...query),
    getTrigger: (triggerId) => getTrigger(db, triggerId),
    listTriggers: (query) => listTriggers(db, query),
    listScheduledTriggers: (limit) => listScheduledTriggers(db, limit),
    listFirings: (triggerId, limit) => listFirings(db, triggerId, limit),
    listTriggerEvents: (limit) => listTriggerEvents(db, limit),
  };
}
