import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What takes a minute or more, the slowest first. Without this it would come last: Vitest begins with the largest files, and these are small.
const slowest = [
  'test/contract/postgres.contract.test.ts',
  'test/e2e/chaos.e2e.test.ts',
  'test/e2e/sqlite.e2e.test.ts',
  'test/e2e/kill.e2e.test.ts',
  'test/e2e/postgres.e2e.test.ts',
  'test/e2e/pawl-cli.e2e.test.ts',
  'test/contract/sqlite.contract.test.ts',
  'test/e2e/dashboard/dashboard.e2e.test.ts',
  'test/docs/pages.test.ts',
];

/** Begins with the files that take longest, so that at the end no worker waits for another. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = slowest.findIndex((name) => moduleId.replaceAll('\\', '/').endsWith(name));
  return rank === -1 ? slowest.length : rank;
}
