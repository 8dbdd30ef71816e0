// A process of its own for one source of inputs: an error that nobody catches must not go unheard, and ends nothing but this.
import { Random } from '../../test/e2e/support/random.ts';
import { Garble } from './garble.ts';
import { type SourceName, sources } from './inputs.ts';

const { name, seed, count, scratch } = JSON.parse(process.argv[2] ?? '{}') as {
  name: SourceName;
  seed: number;
  count: number;
  scratch: string;
};
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
let done = 0;
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) =>
    tell({ fault: `after input ${done}, nobody caught ${String((error as Error).stack ?? error).slice(0, 600)}` }),
  );
}
const source = await sources[name](new Garble(new Random(seed)), scratch);
for (; done < count; done += 1) {
  if (done % 1_000 === 0) tell({ done });
  const fault = await source.next();
  if (fault !== undefined) tell({ fault: `input ${done}: ${fault}` });
}
await source.close();
process.stdout.write(`${JSON.stringify({ done, untried: source.untried?.() ?? 0 })}\n`, () => process.exit());
