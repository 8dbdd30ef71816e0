import { once } from 'node:events';
import { createWorld } from '../connect/create-world.ts';
import type { Caller, Scope } from '../operate/caller.ts';
import { createOperator } from '../operate/operator.ts';
import { parseTokens } from '../server/tokens.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, settingsOf, userName } from './session.ts';

export interface McpOptions {
  readonly port?: number;
  readonly host: string;
  readonly scopes?: readonly Scope[];
  readonly tenant?: string;
  readonly token?: string;
}

/** Speaks the Model Context Protocol: over stdin and stdout in one name, or over HTTP in the name of each request's token. */
export async function mcp(session: Session, options: McpOptions): Promise<ExitCode> {
  const { tokens } = settingsOf(session);
  const world = createWorld({ env: session.env });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    if (options.port === undefined) {
      const { serveStdio } = await import('../mcp/serve-stdio.ts');
      await serveStdio(createOperator({ world, caller: callerOf(options, tokens) }), stop.signal);
      return exitCodes.done;
    }
    const { host, port } = options;
    if (options.scopes || options.tenant !== undefined || options.token !== undefined) {
      throw new CliError('INVALID_INPUT', exitCodes.usage, 'Over HTTP scopes and tenant are those of the token of each request.');
    }
    const { serveMcp } = await import('../mcp/serve-http.ts');
    const listening = await serveMcp({ operator: createOperator({ world }), tokens, host, port });
    session.err(`Speaking MCP at ${listening.url}/mcp\n`);
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
    await listening.close();
    return exitCodes.done;
  } finally {
    await world.close();
  }
}

function callerOf({ scopes, tenant, token: name }: McpOptions, tokens: string | undefined): Caller {
  if (name === undefined) return { name: userName(), scopes: scopes ?? ['read'], tenantId: tenant ?? null, via: 'mcp' };
  if (scopes || tenant !== undefined) {
    throw new CliError('INVALID_INPUT', exitCodes.usage, 'A token has scopes and a tenant: give --token, or --scopes and --tenant.');
  }
  const token = parseTokens(tokens ?? '').find((one) => one.name === name);
  if (!token) throw new CliError('INVALID_INPUT', exitCodes.usage, `WORKFLOW_PAWL_TOKENS has no token called "${name}".`);
  return { name: token.name, scopes: token.scopes, tenantId: token.tenantId, via: 'mcp' };
}
