import type { FlowStore } from '../world/flow-port.ts';
import { listChildResults, tallyChildren } from './children.ts';
import type { Connection } from './connection.ts';
import { getExecutionMark, listExecutionMarks, listDueExecutions, readExecution } from './executions.ts';
import { getFlow, listFlows } from './flows.ts';
import { findKeyHolder } from './idempotency-keys.ts';
import { findTokenHolder } from './resume-tokens.ts';
import { getTrigger, listFirings, listScheduledTriggers, listTriggerEvents, listTriggers } from './triggers.ts';

type Read = <T>(query: (db: Connection) => T) => Promise<T>;

export function flowReads(read: Read): Omit<FlowStore, 'commit'> {
  return {
    readExecution: (runId) => read((db) => readExecution(db, runId)),
    getExecutionMark: (runId) => read((db) => getExecutionMark(db, runId)),
    listExecutionMarks: (runIds) => read((db) => listExecutionMarks(db, runIds)),
    listDueExecutions: (query) => read((db) => listDueExecutions(db, query)),
    findKeyHolder: (query) => read((db) => findKeyHolder(db, query)),
    tallyChildren: (parentId, group) => read((db) => tallyChildren(db, parentId, group)),
    listChildResults: (query) => read((db) => listChildResults(db, query)),
    findTokenHolder: (token, now) => read((db) => findTokenHolder(db, token, now)),
    getFlow: (flowId, version) => read((db) => getFlow(db, flowId, version)),
    listFlows: (...query) => read((db) => listFlows(db, ...query)),
    getTrigger: (triggerId) => read((db) => getTrigger(db, triggerId)),
    listTriggers: (query) => read((db) => listTriggers(db, query)),
    listScheduledTriggers: (limit) => read((db) => listScheduledTriggers(db, limit)),
    listFirings: (triggerId, limit) => read((db) => listFirings(db, triggerId, limit)),
    listTriggerEvents: (limit) => read((db) => listTriggerEvents(db, limit)),
  };
}
