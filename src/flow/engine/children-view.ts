import { groupOf, type ChildrenView } from '../children.ts';
import type { Execution } from '../types.ts';
import type { EngineCore } from './core.ts';
import { askStore } from './store-failure.ts';

const pageSize = 500;

/** The children of the attempt in progress, read a page at a time. */
export function childrenView(core: EngineCore, execution: Execution): ChildrenView {
  const group = execution.attempt === undefined ? '' : groupOf(execution.attempt);
  return {
    async tally() {
      // Nothing was started before the first wait: that needs no question to the store.
      if (execution.join === undefined) return { created: 0, finished: 0, succeeded: 0 };
      return askStore(core.index.tally(execution.id, group));
    },
    async *results() {
      for (let after: number | undefined; ;) {
        const query = { limit: pageSize, ...(after === undefined ? {} : { after }) };
        const page = await askStore(core.index.results(execution.id, group, query));
        yield* page;
        after = page.at(-1)?.index;
        if (page.length < pageSize) return;
      }
    },
  };
}
