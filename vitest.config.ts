import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/support/slow-first.ts';

// Cost is in the name: `*.test.ts` beside the code is pure, `*.contract.test.ts` opens a store, `*.e2e.test.ts` starts processes.
export default defineConfig({
  test: {
    // A third of them waits at any time: for a process to start, a lease to end, a disk.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'dashboard/**/*.test.ts',
            'examples/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/**/*.test.js',
            'chaos/**/*.test.ts',
          ],
          exclude: ['**/*.contract.test.ts', '**/node_modules/**'],
          // Properties are asked of many values; on a busy machine that takes longer than the default of 5 s.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'contract',
          include: ['src/**/*.contract.test.ts', 'test/contract/**/*.test.ts'],
          globalSetup: ['test/support/postgres-cluster.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.test.ts', 'test/package/**/*.test.ts', 'test/docs/**/*.test.ts'],
          globalSetup: ['test/support/postgres-cluster.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
