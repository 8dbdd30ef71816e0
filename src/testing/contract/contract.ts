import { describe, expect, it } from 'vitest';
import type { World } from '@workflow/world';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import type { WorldFactory, WorldFactoryOptions, WorldUnderTest } from '../world-under-test.ts';

export interface SkippedPolicies {
  readonly reason: string;
  /** Titles of policies, word for word. */
  readonly tests: readonly string[];
}

export interface Scene {
  /** A World on fresh data, not started. The suite closes it. */
  readonly world: World;
}

export interface TimedScene extends Scene {
  /** The World's time: it stands still until the test moves it. */
  readonly clock: FakeClock;
}

export interface SharedScene extends Scene {
  /** Another World on the same data. The suite closes it. */
  readonly another: NonNullable<WorldUnderTest['another']>;
}

export interface PolicyOptions {
  readonly env?: Record<string, string>;
  readonly timeoutMs?: number;
}

/** One promise of a World: a sentence, and the act that holds the World to it. */
export type Policy<S extends Scene> = (title: string, act: (scene: S) => Promise<void>, options?: PolicyOptions) => void;

export interface Contract {
  readonly policy: Policy<Scene>;
  /** For what depends on time. */
  readonly timedPolicy: Policy<TimedScene>;
  /** For what two processes on the same data owe each other; reported as skipped where a store cannot be shared. */
  readonly sharedPolicy: Policy<SharedScene>;
  /** To be called after the last policy: a skip that names no policy has been outlived. */
  readonly assertSkipsExist: () => void;
}

const defaultTimeoutMs = 60_000;

export function createContract(factory: WorldFactory, skips: readonly SkippedPolicies[] = []): Contract {
  const reasons = new Map(skips.flatMap(({ reason, tests }) => tests.map((title) => [title, reason] as const)));
  const titles = new Set<string>();

  const define = (title: string, { timeoutMs = defaultTimeoutMs }: PolicyOptions, act: (skip: (note: string) => void) => Promise<void>) => {
    if (titles.has(title)) throw new Error(`Two policies are called "${title}"; a skip could not tell them apart.`);
    titles.add(title);
    const reason = reasons.get(title);
    it(title, { timeout: timeoutMs }, async (context) => {
      if (reason !== undefined) context.skip(reason);
      await act((note) => context.skip(note));
    });
  };

  return {
    policy: (title, act, options = {}) =>
      define(title, options, () => withScene(factory, environmentOf(options), ({ world }) => act({ world }))),
    timedPolicy: (title, act, options = {}) =>
      define(title, options, () => {
        const clock = createFakeClock(Date.now());
        return withScene(factory, { ...environmentOf(options), clock }, ({ world }) => act({ world, clock }));
      }),
    sharedPolicy: (title, act, options = {}) =>
      define(title, options, (skip) =>
        withScene(factory, environmentOf(options), async ({ world, another }) => {
          if (!another) return skip('this store cannot be opened twice');
          await act({ world, another });
        }),
      ),
    assertSkipsExist() {
      describe('the list of skipped policies', () => {
        it('names policies that exist', () => {
          expect([...reasons.keys()].filter((title) => !titles.has(title))).toEqual([]);
        });
      });
    },
  };
}

interface OpenScene {
  readonly world: World;
  readonly another?: NonNullable<WorldUnderTest['another']>;
}

async function withScene(factory: WorldFactory, options: WorldFactoryOptions, act: (scene: OpenScene) => Promise<void>): Promise<void> {
  const underTest = await factory(options);
  const worlds = [underTest.world];
  const another: NonNullable<WorldUnderTest['another']> = async (where) => {
    const world = (await underTest.another?.(where)) as World;
    worlds.push(world);
    return world;
  };
  try {
    await act({ world: underTest.world, ...(underTest.another && { another }) });
  } finally {
    for (const world of worlds.toReversed()) await world.close?.();
    await underTest.close();
  }
}

function environmentOf({ env }: PolicyOptions): WorldFactoryOptions {
  return env ? { env } : {};
}
