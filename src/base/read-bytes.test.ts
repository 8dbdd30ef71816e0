import { expect, it } from 'vitest';
import { readBytes } from './read-bytes.ts';

it('reads a body that is as long as it may be', async () => {
  const { request } = chunked(4, 25);
  expect(await readBytes(request, 100)).toHaveLength(100);
});

it('reads no body as no bytes', async () => {
  expect(await readBytes(new Request('http://localhost/'), 100)).toHaveLength(0);
});

it('stops reading a body that turns out to be longer, though it declared no length', async () => {
  const { request, read } = chunked(1_000, 25);
  expect(request.headers.get('content-length')).toBeNull();
  expect(await readBytes(request, 100)).toBeUndefined();
  expect(read()).toBeLessThan(10);
});

it('does not begin to read one that declares itself longer', async () => {
  const { request } = chunked(10, 25, { 'content-length': '250' });
  expect(await readBytes(request, 100)).toBeUndefined();
  expect(request.bodyUsed).toBe(false);
});

it('throws where the body breaks off', async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('cut')) });
  await expect(readBytes(post(body), 100)).rejects.toThrow('cut');
});

function chunked(count: number, size: number, headers: Record<string, string> = {}) {
  let read = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read === count) return controller.close();
      read += 1;
      controller.enqueue(new Uint8Array(size));
    },
  });
  return { request: post(body, headers), read: () => read };
}

function post(body: ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/', { method: 'POST', body, headers, duplex: 'half' });
}
