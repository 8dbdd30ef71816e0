import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/index.ts';
import { type ServerEvent, sseResponse } from './sse.ts';

it('tells its server what broke it off, and its client only that it did', async () => {
  const { text, errors, ends } = await read(async function* events() {
    yield { event: 'run', data: 1 };
    throw new Error('the table is gone');
  });
  expect(errors).toEqual([new Error('the table is gone')]);
  expect(ends).toBe(1);
  expect(text).toMatch(/event: run\ndata: 1\n\nevent: error\ndata: \{"detail":"The stream broke off; connect again."\}\n\n$/);
});

it('has nothing to tell of what fails after it was ended', async () => {
  const { errors } = await read(async function* events(stop) {
    yield { event: 'run', data: 1 };
    stop.abort();
    throw new Error('aborted');
  });
  expect(errors).toEqual([]);
});

async function read(events: (stop: AbortController) => AsyncGenerator<ServerEvent, void, void>) {
  const stop = new AbortController();
  const errors: unknown[] = [];
  let ends = 0;
  const response = sseResponse(events(stop), {
    clock: createFakeClock(0),
    signal: stop.signal,
    stop,
    onEnd: () => (ends += 1),
    onError: (error) => errors.push(error),
  });
  return { text: await response.text(), errors, ends };
}
