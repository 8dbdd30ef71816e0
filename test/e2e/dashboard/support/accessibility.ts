import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What axe finds wrong on the page as it is shown now: each rule with the places that break it. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // By evaluation and not as a script tag, which the page's content security policy refuses, as it should.
  await page.evaluate(await readFile(axe, 'utf8'));
  const violations = await page.evaluate(async (runOnly) => {
    const { axe: loaded } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: unknown }> } };
    return (await loaded.run({ runOnly })).violations as Violation[];
  }, rules);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
