import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createHandlerRegistry } from '../flow/handler-registry.ts';
import { builtinHandlers } from '../flow/handlers/builtin-handlers.ts';
import type { HandlerRegistry } from '../flow/ports.ts';
import type { StepHandler } from '../flow/types.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** The built-in handlers, and every one that a module exports: by itself, or in a list. */
export async function loadHandlers(file: string | undefined): Promise<HandlerRegistry> {
  if (file === undefined) return createHandlerRegistry(builtinHandlers());
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    throw new CliError('UNREADABLE_FILE', exitCodes.usage, `${file} cannot be loaded: ${(error as Error).message}`);
  }
  const own = Object.values(exported).flat().filter(isHandler);
  if (own.length === 0) throw new CliError('UNREADABLE_FILE', exitCodes.usage, `${file} exports no handler, neither alone nor in a list.`);
  return createHandlerRegistry([...builtinHandlers(), ...own]);
}

function isHandler(value: unknown): value is StepHandler {
  if (typeof value !== 'object' || value === null) return false;
  const { type, execute } = value as Partial<StepHandler>;
  return typeof type === 'string' && typeof execute === 'function';
}
