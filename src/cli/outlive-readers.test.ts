import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { outliveReaders } from './outlive-readers.ts';

it('ends quietly where nobody reads any more, and keeps no other error to itself', () => {
  const output = new EventEmitter();
  const then = vi.fn();
  outliveReaders(output, then);
  output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(then).toHaveBeenCalledOnce();
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  expect(() => output.emit('error', full)).toThrow(full);
});
