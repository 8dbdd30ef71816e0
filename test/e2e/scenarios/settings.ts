import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { App } from '../support/app.ts';
import { finish, untilEvent, valueOf } from '../support/finish.ts';
import { Stage, type WorldUnderTest } from '../support/stage.ts';
import { until } from '../support/until.ts';

type OpenWorld = () => Promise<WorldUnderTest>;

const OLD_KEY = Buffer.alloc(32, 'old key').toString('base64');
const NEW_KEY = Buffer.alloc(32, 'new key').toString('base64');

/** Programs must not notice the settings that a World and its processes run with. */
export function settingScenarios(name: string, openWorld: OpenWorld): void {
  describe(`settings on ${name}`, () => {
    test('stores payloads only encrypted, and reads them in every process', async () => {
      const app = await openApp(openWorld, { WORKFLOW_PAWL_ENCRYPTION_KEYS: OLD_KEY });
      const marker = `marker-${randomUUID()}`;
      const token = randomUUID();
      const echoed = await app.complete('outputs//echo', { marker });
      const collecting = await app.start('hooks//collect', token, marker);
      await until('the hook', async () => await app.worker.api.hook(token).catch(() => undefined));
      expect(await app.producer.api.hook(token)).toMatchObject({
        metadata: { customData: marker },
      });
      await app.producer.api.resume(token, { data: marker, done: true });
      await app.finish(collecting);

      expect(await valueOf(app.producer, echoed.runId)).toEqual({ marker });
      expect(await valueOf(app.producer, collecting)).toEqual([{ data: marker, done: true, customData: marker }]);
      expect(await app.producer.api.readStream(collecting)).toEqual([{ data: marker, done: true, customData: marker }]);
      for (const runId of [echoed.runId, collecting]) {
        const stored = [await app.worker.api.rawRun(runId), ...(await app.worker.api.events(runId, 'all'))];
        const payloads = stored.flatMap((row) => findBytes(row));
        expect(payloads).not.toEqual([]);
        for (const payload of payloads) expect(payload.toString('latin1')).not.toContain(marker);
      }
    });

    test('goes on with a run after its encryption key was replaced by a newer one', async () => {
      const stage = await openStage(openWorld);
      const before = await stage.startHost('worker', { WORKFLOW_PAWL_ENCRYPTION_KEYS: OLD_KEY });
      const token = randomUUID();
      const runId = await before.api.start('hooks//collect', [token, 'from before']);
      await untilEvent(before, runId, 'hook_created');
      await before.stop();

      const after = await stage.startHost('worker', {
        WORKFLOW_PAWL_ENCRYPTION_KEYS: `${NEW_KEY},${OLD_KEY}`,
      });
      await after.api.resume(token, { data: 'since then', done: true });
      await finish(after, runId);
      expect(await valueOf(after, runId)).toEqual([{ data: 'since then', done: true, customData: 'from before' }]);
      const fresh = await after.api.start('basics//addition', [1]);
      await finish(after, fresh);
      expect(await valueOf(after, fresh)).toBe(10);
    });

    test('runs programs in a queue namespace', async () => {
      const app = await openApp(openWorld, { WORKFLOW_QUEUE_NAMESPACE: 'shop' });

      expect((await app.complete('basics//addition', 1)).value).toBe(10);
      expect((await app.complete('fan-out//parallel', 10)).value).toHaveLength(10);
      expect((await app.complete('sleeps//naps', 3, 20)).value).toBe(3);
      expect((await app.complete('retries//failUntil', 2)).value).toBe(2);
      expect((await app.complete('children//parent', 4)).value).toMatchObject({ result: 8 });
    });

    test('keeps instants when the time zone is not UTC, nor the same everywhere', async () => {
      const stage = await openStage(openWorld);
      const tokyo = await stage.startHost('worker', { TZ: 'Asia/Tokyo' });
      const newYork = await stage.startHost('producer', { TZ: 'America/New_York' });
      const startedAt = Date.now();
      const runId = await newYork.api.start('sleeps//clock', [20]);
      const { run, events } = await finish(tokyo, runId);
      const endedAt = Date.now();

      expect(await newYork.api.run(runId)).toEqual(run);
      expect(await newYork.api.events(runId)).toEqual(events);
      const instants = [run.createdAt, ...events.map((event) => event.createdAt)].map((date) => date.getTime());
      for (const instant of instants) {
        expect(instant).toBeGreaterThanOrEqual(startedAt);
        expect(instant).toBeLessThanOrEqual(endedAt);
      }
      expect(await valueOf(newYork, runId)).toMatchObject({ atStart: run.startedAt?.getTime() });
    });
  });
}

async function openApp(openWorld: OpenWorld, env: Record<string, string>): Promise<App> {
  const app = await App.open(await openWorld(), { env });
  onTestFinished(async () => await app.close());
  return app;
}

async function openStage(openWorld: OpenWorld): Promise<Stage> {
  const stage = await Stage.open(await openWorld());
  onTestFinished(async () => await stage.close());
  return stage;
}

/** Every byte array inside a stored row. */
function findBytes(value: unknown): Buffer[] {
  if (value instanceof Uint8Array) return [Buffer.from(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => findBytes(part));
}
