import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Operator } from '../operate/operator.ts';
import { createMcpServer } from './create-mcp-server.ts';

/** Speaks over stdin and stdout until stdin ends or the signal is aborted. */
export async function serveStdio(operator: Operator, signal: AbortSignal): Promise<void> {
  const server = createMcpServer(operator);
  const transport = new StdioServerTransport();
  await server.connect(transport);
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.close();
}
