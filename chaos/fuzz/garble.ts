import type { Random } from '../../test/e2e/support/random.ts';

const strings = [
  '',
  ' ',
  '0',
  '-1',
  'null',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\u202e',
  '🦆'.repeat(40),
  '../../etc/passwd',
  "'; drop table runs; --",
  '${a.b}',
  '{{x}}',
  '%00',
  '%zz',
  'é'.normalize('NFD'),
  'x'.repeat(20_000),
  '[',
  '{"a":',
  '1e999',
  'run_created',
  'evnt_00000000000000000000000000',
  'wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'step_0',
  'hook_0',
  'token-0',
] as const;
const numbers = [0, -0, 1, -1, 0.1, 1e21, -1e300, 2 ** 31, 2 ** 53, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE] as const;

/** Values that nobody should send, and that somebody will. */
export class Garble {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  string(): string {
    const { random } = this;
    if (random.chance(0.6)) return random.pick(strings);
    return String.fromCharCode(...Array.from({ length: random.between(0, 30) }, () => random.between(0, random.pick([127, 255, 0xffff]))));
  }

  /** Anything, nested now and then, of JSON only if told so. */
  value({ json = false, depth = 0 }: { readonly json?: boolean; readonly depth?: number } = {}): unknown {
    const { random } = this;
    const inner = () => this.value({ json, depth: depth + 1 });
    const kinds = depth > 4 ? 4 : 7;
    switch (random.between(0, kinds)) {
      case 0:
        return random.pick([null, true, false, undefined]);
      case 1:
        return random.pick(numbers);
      case 2:
      case 3:
        return this.string();
      case 4:
        return json
          ? random.next()
          : random.pick<unknown>([
              new Date(Number.NaN),
              new Date(8.64e15),
              new Uint8Array(random.between(0, 40)),
              10n ** 30n,
              () => 1,
              Symbol('s'),
              new Map([[1, 2]]),
              /x/,
            ]);
      case 5:
        return Array.from({ length: random.between(0, 4) }, inner);
      case 6:
        return this.#deep(random.pick([3, 50, 2_000]));
      default:
        return Object.fromEntries(Array.from({ length: random.between(0, 4) }, () => [this.string(), inner()]));
    }
  }

  /** The same with something in it replaced, removed, or put where it does not belong. */
  mutated<T>(original: T, options: { readonly json?: boolean } = {}): T {
    const copy = structuredClone(original);
    for (let times = this.random.between(1, 3); times > 0; times -= 1) this.#mutateOnce(copy, options);
    return copy;
  }

  #mutateOnce(root: unknown, options: { readonly json?: boolean }): void {
    const { random } = this;
    let place = root;
    for (;;) {
      if (typeof place !== 'object' || place === null || place instanceof Uint8Array || place instanceof Date) return;
      const keys = Object.keys(place);
      const key = keys.length === 0 || random.chance(0.1) ? this.string() : random.pick(keys as [string, ...string[]]);
      const record = place as Record<string, unknown>;
      // What belongs to every object is not a part of this one: it would be changed for the whole process.
      if (Object.hasOwn(record, key) && typeof record[key] === 'object' && record[key] !== null && random.chance(0.7)) {
        place = record[key];
        continue;
      }
      if (random.chance(0.2)) delete record[key];
      else Object.defineProperty(record, key, { value: this.value(options), enumerable: true, configurable: true, writable: true });
      return;
    }
  }

  #deep(levels: number): unknown {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
    return value;
  }
}
