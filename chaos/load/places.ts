import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWorkflows } from '../../scripts/build-workflows.js';
import { createWorld, type PawlWorld } from '../../src/connect/create-world.ts';
import { type ScratchPostgres, startScratchPostgres } from '../../src/testing/scratch-postgres.ts';
import { pawl } from '../../test/e2e/support/sqlite-world.ts';
import { Stage } from '../../test/e2e/support/stage.ts';
import { type FlowPrograms, flowSettings, openFlowPrograms } from './flow-programs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where a load runs: a database, and a stage for the processes that work on it. */
export interface Place {
  readonly stage: Stage;
  readonly env: Readonly<Record<string, string>>;
  /** The file, where it is one. */
  readonly file: string | undefined;
  readonly server: ScratchPostgres | undefined;
  /** A World of this process, which does not work; opened by its first read. */
  readonly reader: PawlWorld;
  close(): Promise<void>;
}

export type StoreName = 'sqlite' | 'postgres';

export async function openPlace(store: StoreName, scratch: string, settings: Readonly<Record<string, string>>): Promise<Place> {
  const { flow } = await buildWorkflows(join(root, 'chaos', 'app'), join(root, '.tmp', 'workflows', 'chaos'));
  const server = store === 'postgres' ? await startScratchPostgres() : undefined;
  const stopServer = async () => await server?.stop();
  const file = server ? undefined : join(await mkdtemp(join(scratch, 'database-')), 'pawl.db');
  const env = { WORKFLOW_TARGET_WORLD: pawl, WORKFLOW_PAWL_URL: server?.url ?? `sqlite:${file}`, ...settings };
  const stage = await orClose(Stage.open({ env, close: stopServer }, dirname(flow)), stopServer);
  const reader = createWorld({ env: { ...env, WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true });
  const close = async () => {
    await reader.close();
    await stage.close();
  };
  return { stage, env, file, server, reader, close };
}

/** A place whose hosts work on flows too, with what makes them. */
export async function openPlaceWithFlows(
  store: StoreName,
  scratch: string,
  settings: Readonly<Record<string, string>>,
): Promise<Place & { readonly flows: FlowPrograms['programs'] }> {
  const place = await openPlace(store, scratch, { ...settings, ...flowSettings });
  const { programs, close } = await orClose(openFlowPrograms(place.env), place.close);
  return {
    ...place,
    flows: programs,
    close: async () => {
      await close();
      await place.close();
    },
  };
}

/** What was opened before is closed when the next thing cannot be opened. */
async function orClose<T>(opening: Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await close();
    throw error;
  }
}
