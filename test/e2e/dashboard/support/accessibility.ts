import { source } from 'axe-core';
import type { Page } from 'playwright-core';

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What axe finds wrong on the page as it is shown now, by these rules or all of WCAG AA: each rule with the places that break it. */
export async function accessibilityProblems(page: Page, rules?: readonly string[]): Promise<string[]> {
  // By evaluation and not as a script tag, which the page's content security policy refuses, as it should.
  await page.evaluate(`globalThis.axe ?? (() => { ${source} })()`);
  const violations = await page.evaluate(
    async (runOnly) => {
      const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: unknown }> } };
      return (await axe.run({ runOnly, resultTypes: ['violations'] })).violations as Violation[];
    },
    rules ? { type: 'rule', values: rules } : { type: 'tag', values: standards },
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
