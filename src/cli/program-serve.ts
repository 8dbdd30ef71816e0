import type { Command } from 'commander';
import { addCommand, type End } from './add-command.ts';
import { parseLimit, parsePort } from './parse-arguments.ts';
import type { Session } from './session.ts';

const usualPort = 7295;

export function addServeCommand(program: Command, session: Session, end: End): void {
  addCommand(program, 'serve', {
    description: 'Work, and answer the HTTP API and the dashboard, until it is told to end.',
    example: 'pawl serve --port 8080 --import ./handlers.js',
  })
    .option('--host <address>', 'where it listens; others than loopback need WORKFLOW_PAWL_TOKENS', '127.0.0.1')
    .option('--port <port>', 'on which port; 0 takes a free one', parsePort, usualPort)
    .option('--no-worker', 'only answer, and leave the work to others')
    .option('--no-dashboard', 'only the API')
    .option('--public-only', 'only resume tokens and webhooks, for an address that everybody can reach')
    .option('--import <module...>', 'modules that export `handlers` and `flows`, or register workflows when they are loaded')
    .option('--cors <origin...>', 'origins whose pages may use the API')
    .option('--base-path <path>', 'below which path it answers')
    .option('--trusted-proxy <n>', 'so many proxies stand before it: clients are counted as X-Forwarded-For names them', parseLimit)
    .action(async (options) => end(await (await import('./serve.ts')).serve(session, options)));
}
