import { FlowError } from '../errors.ts';
import type { Execution } from '../types.ts';
import type { EngineCore } from './core.ts';

/** The execution, frozen; throws EXECUTION_NOT_FOUND. */
export async function readExecution(core: EngineCore, id: string): Promise<Execution> {
  const execution = await core.index.read(id);
  if (execution) return execution;
  throw new FlowError('EXECUTION_NOT_FOUND', `There is no execution ${id}.`, { details: { executionId: id } });
}
