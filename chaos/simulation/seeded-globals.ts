import * as crypto from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Random } from '../../test/e2e/support/random.ts';
import type { VirtualTime } from './virtual-time.ts';

type Globals = Record<'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval' | 'setImmediate' | 'clearImmediate', unknown>;

/** Until the returned function is called, every timer of this process is one of the simulation, and every random number one of the seed. */
export function seedGlobals(time: VirtualTime, random: Random): () => void {
  const globals = globalThis as unknown as Globals;
  const real = { ...pick(globals) };
  const { random: realRandom } = Math;
  // The module's own object: what was imported by name follows it.
  const require = createRequire(import.meta.url);
  const own = require('node:crypto') as Record<string, unknown>;
  const { randomBytes, randomUUID } = crypto;
  const timers = require('node:timers/promises') as Record<string, unknown>;
  const { setTimeout: pause } = timers;

  /** What works for the simulation from outside of it has what there is there. */
  const unlessOutside = <A extends unknown[], R>(actual: unknown, simulated: (...args: A) => R) => {
    return (...args: A): R => (time.standsStill ? (actual as (...args: A) => R)(...args) : simulated(...args));
  };
  const clear = (actual: unknown) => (timer: unknown) => {
    if (timer instanceof Timer) timer.cancel();
    else (actual as (timer: unknown) => void)(timer);
  };
  Object.assign(globals, {
    setTimeout: unlessOutside(
      real.setTimeout,
      (run: (...args: unknown[]) => void, ms: number = 0, ...args: unknown[]) => new Timer(time.after(ms, () => run(...args))),
    ),
    setImmediate: unlessOutside(
      real.setImmediate,
      (run: (...args: unknown[]) => void, ...args: unknown[]) => new Timer(time.nextTurn(() => run(...args))),
    ),
    setInterval: unlessOutside(real.setInterval, (run: () => void, ms: number) => repeat(time, run, ms)),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  });
  Math.random = unlessOutside(realRandom, () => random.next());
  const bytes = (size: number) => Buffer.from(Array.from({ length: size }, () => random.between(0, 255)));
  own['randomBytes'] = unlessOutside(randomBytes, bytes);
  own['randomUUID'] = unlessOutside(randomUUID, () => bytes(16).toString('hex'));
  timers['setTimeout'] = unlessOutside(pause, (ms: number) => time.sleep(ms));
  syncBuiltinESMExports();

  return () => {
    Object.assign(globals, real);
    Math.random = realRandom;
    Object.assign(own, { randomBytes, randomUUID });
    timers['setTimeout'] = pause;
    syncBuiltinESMExports();
  };
}

class Timer {
  cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function repeat(time: VirtualTime, run: () => void, ms: number): Timer {
  const timer = new Timer(() => {});
  const next = () => {
    timer.cancel = time.after(ms, () => {
      next();
      run();
    });
  };
  next();
  return timer;
}

function pick({ setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate }: Globals): Globals {
  return { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
}
