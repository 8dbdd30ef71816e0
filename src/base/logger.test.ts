import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStderrLogger, describeError, silentLogger } from './logger.ts';

let written: string[];
beforeEach(() => {
  written = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

describe('the logger', () => {
  it('writes one line of JSON per entry, and nothing on stdout', () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    createStderrLogger('info').warn('Two\nlines', { runId: 'wrun_1', cause: new Error('gone') });
    expect(stdout).not.toHaveBeenCalled();
    expect(written).toHaveLength(1);
    expect(written[0]?.trimEnd()).not.toContain('\n');
    expect(JSON.parse(String(written[0]))).toEqual({
      level: 'warn',
      name: 'pawl',
      message: 'Two\nlines',
      runId: 'wrun_1',
      cause: 'Error: gone',
    });
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at %s writes what is at least as grave', (level, expected) => {
    const logger = createStderrLogger(level);
    for (const at of ['debug', 'info', 'warn', 'error'] as const) logger[at](at);
    expect(written.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
  });

  it('can be silent for good', () => {
    for (const at of ['debug', 'info', 'warn', 'error'] as const) silentLogger[at](at);
    expect(written).toEqual([]);
  });
});

describe('an error in words', () => {
  it('tells its cause and the cause of that', () => {
    const error = new TypeError('no', { cause: new Error('since', { cause: 'because' }) });
    expect(describeError(error)).toBe('TypeError: no (cause: Error: since (cause: because))');
  });

  it.each([['text'], [undefined], [null], [42]])('is whatever else was thrown: %s', (thrown) => {
    expect(describeError(thrown)).toBe(String(thrown));
  });
});
