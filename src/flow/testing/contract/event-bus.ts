import { describe, expect, it, vi } from 'vitest';
import type { EventBus } from '../../ports.ts';

/** What every EventBus promises (seed page, flow.md §2, events). */
export function testEventBus(name: string, factory: () => EventBus): void {
  describe(`${name}: event bus`, () => {
    it('tells every listener of an event, in the order they came, with the data as it is', () => {
      const bus = factory();
      const seen: unknown[] = [];
      const data = { id: 1 };
      bus.on('a', (given) => seen.push(['first', given]));
      bus.on('a', (given) => seen.push(['second', given]));
      bus.on('b', () => seen.push('other'));
      bus.emit('a', data);
      expect(seen).toEqual([
        ['first', data],
        ['second', data],
      ]);
    });

    it('forgets a listener that was taken off, and takes one that was not there lightly', () => {
      const bus = factory();
      const listener = vi.fn();
      bus.on('a', listener);
      bus.off('a', listener);
      bus.off('nothing', listener);
      bus.emit('a', 1);
      expect(listener).not.toHaveBeenCalled();
    });

    it('isolates a listener that throws or rejects', async () => {
      const bus = factory();
      const listener = vi.fn();
      bus.on('a', () => {
        throw new Error('broken');
      });
      bus.on('a', async () => {
        throw new Error('broken later');
      });
      bus.on('a', listener);
      expect(() => bus.emit('a', 1)).not.toThrow();
      await Promise.resolve();
      expect(listener).toHaveBeenCalledWith(1);
    });

    it('lets a listener take itself off while it is told', () => {
      const bus = factory();
      const after = vi.fn();
      const once = () => bus.off('a', once);
      bus.on('a', once);
      bus.on('a', after);
      bus.emit('a', 1);
      bus.emit('a', 2);
      expect(after.mock.calls).toEqual([[1], [2]]);
    });

    it('takes events nobody listens to', () => {
      expect(() => factory().emit('silence', {})).not.toThrow();
    });
  });
}
