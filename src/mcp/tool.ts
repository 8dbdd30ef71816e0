import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { z } from 'zod';
import { describeError } from '../base/logger.ts';
import { mayDo, type Scope } from '../operate/caller.ts';
import { asOperateError } from '../operate/errors.ts';
import type { Operator } from '../operate/operator.ts';

export interface Tool<Input extends z.ZodRawShape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Without it the caller does not even see the tool. */
  readonly scope: Scope;
  readonly input: Input;
  /** What a client may tell its user about an act; absent: it only reads. */
  readonly act?: { readonly destructive: boolean; readonly idempotent: boolean };
  /** The answer is an object; what it throws becomes an answer with `isError`. */
  readonly run: (operator: Operator, input: z.output<z.ZodObject<Input>>) => Promise<object>;
}

/** A tool as the SDK takes it: with the operator's name, scopes and tenant, whatever the model asks for. */
export function addTool<Input extends z.ZodRawShape>(server: McpServer, operator: Operator, tool: Tool<Input>): void {
  if (!mayDo(operator.caller, tool.scope)) return;
  const { name, title, description, input, act } = tool;
  const annotations = {
    title,
    readOnlyHint: act === undefined,
    destructiveHint: act?.destructive ?? false,
    idempotentHint: act?.idempotent ?? true,
    // What it reads and changes is the database of Pawl, and nothing else.
    openWorldHint: false,
  };
  const config = { title, description, inputSchema: input as z.ZodRawShape, annotations };
  server.registerTool(name, config, async (given: unknown) => {
    try {
      return answer(await tool.run(keyed(operator, given), given as z.output<z.ZodObject<Input>>));
    } catch (error) {
      return { ...answer(explainError(operator, name, error)), isError: true };
    }
  });
}

/** The audit log remembers the key of each act that has one. */
function keyed(operator: Operator, given: unknown): Operator {
  const { idempotencyKey } = given as { readonly idempotencyKey?: string };
  return idempotencyKey === undefined ? operator : operator.as({ ...operator.caller, idempotencyKey });
}

/** As JSON for programs, and the same as text for models that read only that. */
function answer(value: object) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(value) }], structuredContent: value as Record<string, unknown> };
}

function explainError(operator: Operator, tool: string, error: unknown): object {
  const known = asOperateError(error);
  if (known) return { code: known.code, message: known.message, ...(known.problems.length > 0 ? { problems: known.problems } : {}) };
  operator.logger.error(`The tool ${tool} failed: ${describeError(error)}`);
  return { code: 'INTERNAL', message: 'It failed for a reason that is in the log of the server.' };
}
