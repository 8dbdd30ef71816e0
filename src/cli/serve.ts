import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createStderrLogger } from '../base/logger.ts';
import { shownUrl } from '../base/shown-url.ts';
import { openEngine } from '../connect/open-engine.ts';
import type { Flow, StepHandler } from '../flow/types.ts';
import { isLoopbackHost } from '../server/authenticate.ts';
import { createServer } from '../server/create-server.ts';
import { forwardedAddress } from '../server/forwarded-address.ts';
import { listen } from '../server/listen.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, settingsOf } from './session.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly worker: boolean;
  readonly dashboard: boolean;
  /** Only what others may reach: resume tokens and webhooks. */
  readonly publicOnly?: boolean;
  readonly cors?: readonly string[];
  readonly basePath?: string;
  /** So many proxies stand before it, and say in X-Forwarded-For who asks. */
  readonly trustedProxy?: number;
  /** Modules with handlers and flows, or that register workflows when they are loaded. */
  readonly import?: readonly string[];
  readonly json?: boolean;
}

/** Works, and answers the API and the dashboard, until it is told to end. */
export async function serve({ env: { PORT: _ownPort, ...env }, ...terminal }: Session, options: ServeOptions): Promise<ExitCode> {
  // Elsewhere `PORT` says where the app's routes answer; here it is this process's own, or of the shell that it was started from.
  const session = { ...terminal, env };
  const settings = settingsOf(session);
  const { host, port, publicOnly = false, cors, basePath, trustedProxy, json = false } = options;
  if (settings.tokens === undefined && !publicOnly && !isLoopbackHost(host)) {
    throw new CliError(
      'INVALID_SETTING',
      exitCodes.usage,
      `Others can reach ${host}, so WORKFLOW_PAWL_TOKENS must be set (name:scopes[:tenant]:secret). Or listen on 127.0.0.1, or serve --public-only.`,
    );
  }
  if (settings.tokens === undefined && !publicOnly && trustedProxy !== undefined) {
    throw new CliError(
      'INVALID_SETTING',
      exitCodes.usage,
      'With --trusted-proxy others can reach this, so WORKFLOW_PAWL_TOKENS must be set (name:scopes[:tenant]:secret). Or serve --public-only.',
    );
  }
  const ending = endOfProcess();
  const logger = createStderrLogger(settings.logLevel);
  const modules = await Promise.all((options.import ?? []).map(loadModule));
  const engine = await openEngine({
    env: session.env,
    logger,
    handlers: modules.flatMap(({ handlers = [] }) => [...handlers]),
    flows: modules.flatMap(({ flows = [] }) => [...flows]),
  });
  try {
    const server = createServer({
      world: engine.world,
      engine,
      logger,
      ...(publicOnly ? { only: ['resume', 'triggers'] } : {}),
      ...(options.dashboard ? {} : { dashboard: false }),
      ...(cors ? { cors } : {}),
      ...(basePath === undefined ? {} : { basePath }),
      ...(trustedProxy === undefined ? {} : { clientAddress: (request) => forwardedAddress(request, trustedProxy) }),
    });
    await server.open();
    const listening = await listen(server, { host, port });
    try {
      if (options.worker) await engine.start();
      announce(session, { url: listening.url, database: shownUrl(settings.url), worker: options.worker && settings.worker === 'on', json });
      await ending.told;
    } finally {
      await listening.close();
    }
  } finally {
    // What is under way ends, or is given back after its grace; the engine alone would give all of it back at once.
    await engine.world.close();
    await engine.close();
    ending.stop();
  }
  return exitCodes.done;
}

interface Announcement {
  readonly url: string;
  readonly database: string;
  readonly worker: boolean;
  readonly json: boolean;
}

function announce(session: Session, { url, database, worker, json }: Announcement): void {
  if (json) return session.out(JSON.stringify({ url, database, worker }));
  session.out(`Pawl serves ${database} at ${url}${worker ? ', and works' : ''}. Ctrl-C ends it.`);
}

interface AppModule {
  readonly handlers?: Iterable<StepHandler>;
  readonly flows?: Iterable<Flow>;
}

async function loadModule(path: string): Promise<AppModule> {
  try {
    const loaded = (await import(pathToFileURL(resolve(path)).href)) as AppModule & { readonly default?: AppModule };
    return { ...loaded.default, ...loaded };
  } catch (error) {
    throw new CliError('IMPORT_FAILED', exitCodes.usage, `"${path}" cannot be loaded: ${(error as Error).message}`);
  }
}

/** Told by whichever signal comes first. From then on SIGTERM is heard no more until `stop`, and SIGINT ends the process as it always does. */
function endOfProcess(): { readonly told: Promise<void>; stop(): void } {
  let tell = () => {};
  const told = new Promise<void>((fulfil) => (tell = fulfil));
  const listener = () => {
    // SIGTERM stays: without a listener a second one would end the process between the worker's drain and the close of the engine.
    process.off('SIGINT', listener);
    tell();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, listener);
  return { told, stop: () => signals.forEach((name) => process.off(name, listener)) };
}
