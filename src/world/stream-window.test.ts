import { describe, expect, it } from 'vitest';
import { type Growth, StreamWindow } from './stream-window.ts';

const chunk = (text: string) => new TextEncoder().encode(text);
const growth = (from: number, texts: readonly string[], closed = false): Growth => ({ from, chunks: texts.map(chunk), closed });
const taken = (window: StreamWindow) => {
  const texts: string[] = [];
  for (let next = window.take(); next; next = window.take()) texts.push(new TextDecoder().decode(next));
  return texts;
};

/** A window that has read a stream of so many chunks from the begin. */
function opened(count: number, pageSize = 10): StreamWindow {
  const window = new StreamWindow(0, pageSize);
  expect(window.beginRead()).toBe(0);
  window.endRead({
    closed: false,
    rows: Array.from({ length: count }, (_, index) => ({ index, data: chunk(`${index}`) })),
  });
  return window;
}

describe('the window of a live reader', () => {
  it('is stale until it is read, and again when something unknown was written', () => {
    expect(new StreamWindow(0, 10).isStale).toBe(true);
    const window = opened(1);
    expect(window.isStale).toBe(false);
    window.grow();
    expect(window.isStale).toBe(true);
  });

  it('is continued by what this process wrote', () => {
    const window = opened(2);
    window.grow(growth(2, ['2', '3']));
    expect(taken(window)).toEqual(['0', '1', '2', '3']);
    window.grow(growth(4, ['4']));
    expect(window.isStale).toBe(false);
    expect(taken(window)).toEqual(['4']);
    expect(window.next).toBe(5);
  });

  it('takes nothing that leaves a gap, or that it has', () => {
    for (const from of [1, 3]) {
      const window = opened(2);
      window.grow(growth(from, ['x']));
      expect(window.isStale).toBe(true);
      expect(taken(window)).toEqual(['0', '1']);
    }
  });

  it('takes nothing while the store is read, which may have it or not', () => {
    const window = opened(0);
    window.grow();
    window.beginRead();
    window.grow(growth(0, ['0']));
    window.endRead({ closed: false, rows: [{ index: 0, data: chunk('0') }] });
    expect(window.isStale).toBe(true);
    expect(taken(window)).toEqual(['0']);
    expect(window.beginRead()).toBe(1);
  });

  it('keeps no more than a page', () => {
    const window = opened(2, 3);
    window.grow(growth(2, ['2']));
    expect(window.isStale).toBe(false);
    window.grow(growth(3, ['3']));
    expect(window.isStale).toBe(true);
    expect(taken(window)).toEqual(['0', '1', '2']);
    expect(window.beginRead()).toBe(3);
  });

  it('is over behind the last chunk of a closed stream', () => {
    const window = opened(1);
    window.grow(growth(1, ['1'], true));
    expect(window.isOver).toBe(false);
    expect(taken(window)).toEqual(['0', '1']);
    expect(window.isOver).toBe(true);
  });

  it('is over at once where it begins behind the end', () => {
    const window = new StreamWindow(7, 10);
    window.beginRead();
    window.endRead({ closed: true, rows: [] });
    expect(window.isOver).toBe(true);
  });

  it('is stale behind a full page', () => {
    const window = new StreamWindow(0, 1);
    window.beginRead();
    window.endRead({ closed: true, rows: [{ index: 0, data: chunk('0') }] });
    expect(taken(window)).toEqual(['0']);
    expect([window.isStale, window.isOver]).toEqual([true, false]);
  });
});
