import { afterEach, describe, expect, it, vi } from 'vitest';
import { api } from './api.ts';

afterEach(() => vi.unstubAllGlobals());

describe('what the dashboard asks for', () => {
  it('is steps without what went in and out, and that of one step when it is opened', async () => {
    const asked = answerAll();
    await api.steps('wrun_1', undefined);
    await api.step('wrun_1', 'step_1_pay / ship_1');
    expect(asked).toEqual(['/runs/wrun_1/steps?payloads=none&limit=50', '/runs/wrun_1/steps/step_1_pay%20%2F%20ship_1']);
  });

  it('is the newest of many hooks, waits and streams, or the oldest where they stand beside the oldest steps', async () => {
    const asked = answerAll();
    await api.hooks('wrun_1', 'desc');
    await api.waits('wrun_1', 'asc');
    await api.streams('wrun_1');
    const lists = ['hooks?order=desc', 'waits?order=asc', 'streams?order=desc'];
    expect(asked).toEqual(lists.map((list) => `/runs/wrun_1/${list}&limit=200`));
  });
});

/** Answers every question with an empty page, and remembers what was asked. */
function answerAll(): string[] {
  const asked: string[] = [];
  vi.stubGlobal('document', { baseURI: 'http://localhost/' });
  vi.stubGlobal('sessionStorage', { getItem: () => null });
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.href.replace('http://localhost/api/v1', ''));
    return Response.json({ data: [], cursor: null, hasMore: false });
  });
  return asked;
}
