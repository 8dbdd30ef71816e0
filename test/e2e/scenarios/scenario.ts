import { test } from 'vitest';
import type { App } from '../support/app.ts';

/** Declares one scenario: a sentence, and what an application on the World under test must then do. */
export type Scenario = (title: string, play: (app: App) => Promise<void>, timeoutMs?: number) => void;

export interface ScenarioOptions {
  /** Scenarios that the World under test is known to fail, and why. */
  readonly skip?: readonly { readonly reason: string; readonly scenarios: readonly string[] }[];
  /** Rules of the log that it is known to break. */
  readonly tolerated?: RegExp;
  /** What its workers must not have said on stderr when all scenarios have been played. */
  readonly unspoken?: RegExp;
}

export function declareScenarios(app: () => App, { skip = [] }: ScenarioOptions): Scenario {
  return (title, play, timeoutMs) => {
    const skipped = skip.find(({ scenarios }) => scenarios.includes(title));
    if (skipped !== undefined) {
      test.skip(`${title} (${skipped.reason})`);
      return;
    }
    test(title, async () => await play(app()), timeoutMs);
  };
}
