import { expectNoOtherContent, registerFlow } from '../operate/flows.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { checkDefinition } from './flow-check.ts';
import { loadHandlers } from './load-handlers.ts';
import { readFlowFile } from './read-flow-file.ts';
import { type Session, withNewOperator } from './session.ts';

export interface FlowRegisterOptions {
  readonly handlers?: string;
  readonly json?: boolean;
}

/** Keeps flows in the database, so that every worker with their handlers can run them. Nothing is kept if one of them is wrong. */
export async function flowRegister(
  session: Session,
  files: readonly string[],
  { handlers, json = false }: FlowRegisterOptions,
): Promise<ExitCode> {
  const registry = await loadHandlers(handlers);
  const definitions: Record<string, unknown>[] = [];
  for (const file of files) {
    const definition = await readFlowFile(file);
    const { problems } = checkDefinition(definition, registry, { strict: handlers !== undefined });
    const lines = problems.map(({ pointer, message }) => `\n  ${pointer || '/'}: ${message}`).join('');
    if (lines !== '') throw new CliError('INVALID_FLOW', exitCodes.usage, `${file} is no valid flow:${lines}`);
    definitions.push(definition as Record<string, unknown>);
  }
  return await withNewOperator(session, async (operator) => {
    await expectNoOtherContent(operator, definitions);
    const flows: { flowId: string; version: string }[] = [];
    for (const definition of definitions) {
      const { flowId, version } = await registerFlow(operator, definition, { unknownHandlers: 'allow' });
      flows.push({ flowId, version });
    }
    session.out(
      json ? JSON.stringify({ flows }) : flows.map(({ flowId, version }) => `Flow ${flowId}@${version} is registered.`).join('\n'),
    );
    return exitCodes.done;
  });
}
