import { createHook, sleep } from 'workflow';
import { perform } from './perform.ts';

// The programs under load. Each gives the marks of its steps in order, so that a result that is lost, doubled or another's can be seen.

export async function walk(bodies: readonly number[]): Promise<string[]> {
  'use workflow';
  const marks: string[] = [];
  for (const bodyMs of bodies) marks.push(await work(bodyMs));
  return marks;
}

export async function spread(bodies: readonly number[]): Promise<string[]> {
  'use workflow';
  return await Promise.all(bodies.map((bodyMs) => work(bodyMs)));
}

export async function rest(bodies: readonly number[], napMs: number): Promise<string[]> {
  'use workflow';
  const marks: string[] = [];
  for (const bodyMs of bodies) {
    marks.push(await work(bodyMs));
    await sleep(napMs);
  }
  return marks;
}

export async function listen(bodies: readonly number[], token: string): Promise<string[]> {
  'use workflow';
  const hook = createHook<{ word: string }>({ token });
  const marks: string[] = [];
  for (const bodyMs of bodies) marks.push(await work(bodyMs));
  const { word } = await hook;
  return [...marks, word];
}

/** Waits without a step, for as long as it is told. */
export async function nap(ms: number): Promise<number> {
  'use workflow';
  await sleep(ms);
  return ms;
}

async function work(bodyMs: number): Promise<string> {
  'use step';
  return await perform(bodyMs);
}

// Each death of a worker counts as an attempt; how many a step survives is not what is tried here.
work.maxRetries = 1_000;
