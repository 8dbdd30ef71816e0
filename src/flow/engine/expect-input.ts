import type { Context } from '../context.ts';
import { FlowError } from '../errors.ts';
import type { Flow } from '../types.ts';
import type { EngineCore } from './core.ts';

/** Throws INVALID_INPUT, with every problem, if a context does not fit the flow's `inputSchema`. */
export async function expectInput(core: EngineCore, flow: Flow, context: Context): Promise<void> {
  if (flow.inputSchema === undefined || flow.inputSchema === true) return;
  const problems = await core.sandbox.validate(flow.inputSchema, context);
  if (problems.length === 0) return;
  const text = problems.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ');
  throw new FlowError('INVALID_INPUT', `The context does not fit the input schema of ${flow.id}@${flow.version}: ${text}.`, {
    details: { problems },
  });
}
