import { userInfo } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { createStderrLogger } from '../base/logger.ts';
import { shownUrl } from '../base/shown-url.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { openStore } from '../connect/open-store.ts';
import { readSchemaStatus } from '../connect/schema-status.ts';
import { readSettings, type Environment, type Settings } from '../connect/settings.ts';
import { trustedCaller } from '../operate/caller.ts';
import { createOperator, type Operator } from '../operate/operator.ts';
import type { Store } from '../world/port.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** Where a command finds its settings and speaks. */
export interface Session {
  readonly env: Environment;
  /** Says nothing but the answer. */
  readonly out: (text: string) => void;
  /** Says everything else. */
  readonly err: (text: string) => void;
  /** Whether a person reads: then there may be colours, and progress. */
  readonly terminal: boolean;
}

export function settingsOf({ env }: Session): Settings {
  return readSettings(env);
}

/** Does something with the store, and closes it again. */
export async function withStore<T>(session: Session, act: (store: Store, settings: Settings) => Promise<T>): Promise<T> {
  const settings = settingsOf(session);
  const store = await openStore(settings, systemClock, createStderrLogger(settings.logLevel));
  try {
    return await act(store, settings);
  } finally {
    await store.close();
  }
}

/** The same with a World, which does no work of its own. */
export async function withWorld<T>({ env }: Session, act: (world: PawlWorld) => Promise<T>): Promise<T> {
  const world = createWorld({ env });
  try {
    return await act(world);
  } finally {
    await world.close();
  }
}

/**
 * The same with an operator: whoever can read the settings can open the database, so nothing is refused. Throws DATABASE_EMPTY where nothing
 * was ever run: whoever asks for a run means a database that is there, and has mistyped its name, or stands in another folder.
 */
export async function withOperator<T>(session: Session, act: (operator: Operator) => Promise<T>): Promise<T> {
  const settings = settingsOf(session);
  const { version } = await readSchemaStatus(settings, systemClock);
  if (version === 0) throw nothingThere(settings);
  return await withNewOperator(session, act);
}

/** The same for a command that may be the first of all. */
export async function withNewOperator<T>(session: Session, act: (operator: Operator) => Promise<T>): Promise<T> {
  return await withWorld(session, (world) => act(createOperator({ world, caller: trustedCaller(userName(), 'cli') })));
}

function nothingThere({ url }: Settings): CliError {
  return new CliError(
    'DATABASE_EMPTY',
    exitCodes.notFound,
    `Nothing has run in ${shownUrl(url)} yet. If it has elsewhere, name that in WORKFLOW_PAWL_URL; the app makes a new one, and so does "pawl migrate".`,
  );
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as in many containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
