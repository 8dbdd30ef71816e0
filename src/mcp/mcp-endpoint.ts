import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { describeError } from '../base/logger.ts';
import type { Operator } from '../operate/operator.ts';
import { type Authentication, callerOf, expectSameOrigin, type Origin } from '../server/authenticate.ts';
import { HttpError, problemOf, problemResponse, toProblem } from '../server/problem.ts';
import { readJson } from '../server/read-body.ts';
import { createMcpServer } from './create-mcp-server.ts';

export interface McpEndpointOptions {
  readonly operator: Operator;
  readonly authentication: Authentication;
  /** Origins of pages that may use it; default none. */
  readonly cors?: readonly string[];
}

const mostBytes = 1_048_576;

/**
 * The protocol over HTTP, without sessions: every request stands for itself, is authenticated by itself, and may reach another process than
 * the one before.
 */
export function createMcpEndpoint({ operator, authentication, cors = [] }: McpEndpointOptions) {
  return async (request: Request, origin: Origin): Promise<Response> => {
    const instance = new URL(request.url).pathname;
    try {
      expectSameOrigin(request, cors);
      const caller = { ...(await callerOf(request, origin, authentication)), via: 'mcp' as const };
      // Without a session there is nothing to listen to, and nothing to end.
      if (request.method !== 'POST')
        throw new HttpError(405, 'METHOD_NOT_ALLOWED', 'Send messages by POST.', { headers: { allow: 'POST' } });
      return await answer(operator.as(caller), request);
    } catch (error) {
      const problem = toProblem(error, instance);
      if (problem) return problemResponse(problem.document, problem.headers);
      operator.logger.error(`The MCP endpoint failed: ${describeError(error)}`);
      return problemResponse(problemOf(500, 'INTERNAL', 'It failed for a reason that is in the log of the server.', instance));
    }
  };
}

async function answer(operator: Operator, request: Request): Promise<Response> {
  const parsedBody = await readJson(request, mostBytes);
  const server = createMcpServer(operator);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  try {
    return await transport.handleRequest(request, { parsedBody });
  } finally {
    await server.close();
  }
}
