import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunSummary } from '../api/types.ts';
import { shortenId } from '../model/format.ts';
import { hrefs } from '../model/route.ts';
import type { Sight } from '../model/rows-in-sight.ts';
import { isShortcut } from '../ui/shortcuts.tsx';
import { Status } from '../ui/status.tsx';
import { Ago, Took } from '../ui/time.tsx';
import { useWindowRows } from './use-window-rows.ts';

const widePx = 44;
const narrowPx = 62;
/** So many rows before the end the next page is asked for. */
const ahead = 30;

export interface RunRowsProps {
  readonly runs: readonly RunSummary[];
  readonly hasMore: boolean;
  readonly onNearEnd: () => void;
  /** Told which rows are near what is seen. */
  readonly onSight: (sight: Sight) => void;
}

/** The runs as a table of which only the rows in sight exist. Arrow keys, `j` and `k` go from run to run. */
export function RunRows({ runs, hasMore, onNearEnd, onSight }: RunRowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const rowPx = useIsNarrow() ? narrowPx : widePx;
  const { items, height, top, scrollTo } = useWindowRows(runs.length, rowPx, list);
  const firstIndex = items[0]?.index ?? 0;
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => onSight({ first: firstIndex, last: lastIndex }), [firstIndex, lastIndex, onSight]);
  useEffect(() => {
    if (hasMore && lastIndex >= runs.length - ahead) onNearEnd();
  }, [hasMore, lastIndex, runs.length, onNearEnd]);
  useRowKeys(list, runs.length, scrollTo);

  return (
    <div role="table" aria-label="Runs" aria-rowcount={hasMore ? -1 : runs.length + 1} class="runs">
      <div role="rowgroup" class="runs-head runs-grid">
        <div role="row" style={{ display: 'contents' }}>
          <span role="columnheader">Status</span>
          <span role="columnheader">Name</span>
          <span role="columnheader" class="kind">
            Kind
          </span>
          <span role="columnheader">Run</span>
          <span role="columnheader">Created</span>
          <span role="columnheader" style={{ textAlign: 'right' }}>
            Duration
          </span>
        </div>
      </div>
      <div role="rowgroup" class="runs-body" ref={list} style={{ height: `${height}px` }}>
        {items.map(({ index, start }) => {
          const run = runs[index];
          return run && <RunRow key={run.runId} run={run} index={index} offset={start - top} />;
        })}
      </div>
    </div>
  );
}

function RunRow({ run, index, offset }: { readonly run: RunSummary; readonly index: number; readonly offset: number }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class="runs-row runs-grid"
      data-index={index}
      style={{ transform: `translateY(${offset}px)` }}
    >
      <span role="cell" class="status-cell">
        <Status status={run.status} />
      </span>
      <span role="cell" class="runs-name">
        <a class="main cut" href={hrefs.run(run.runId)} aria-label={`${run.name}, ${run.status}, run ${run.runId}`}>
          {run.name}
        </a>
        {run.error && <span class="why cut">{run.error.message}</span>}
      </span>
      <span role="cell" class="kind">
        <span class="tag">{run.kind}</span>
      </span>
      <code role="cell" class="id faint cut" title={run.runId}>
        {shortenId(run.runId)}
      </code>
      <span role="cell" class="created soft">
        <Ago at={run.createdAt} />
      </span>
      <span role="cell" class="took soft" style={{ textAlign: 'right' }}>
        <Took from={run.startedAt ?? run.createdAt} ms={run.durationMs} />
      </span>
    </div>
  );
}

function useRowKeys(list: { readonly current: HTMLElement | null }, count: number, scrollTo: (index: number) => void): void {
  useEffect(() => {
    const focusRow = (index: number) => {
      scrollTo(index);
      // The row may have to be made first.
      const tryFocus = (left: number) => {
        const link = list.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`);
        if (link) link.focus({ preventScroll: true });
        else if (left > 0) requestAnimationFrame(() => tryFocus(left - 1));
      };
      tryFocus(20);
    };
    const onKey = (event: KeyboardEvent) => {
      if (!isShortcut(event) || count === 0) return;
      const row = document.activeElement?.closest<HTMLElement>('[data-index]');
      const inList = row !== null && row !== undefined && list.current?.contains(row);
      const at = inList ? Number(row.dataset['index']) : -1;
      const target = targetOf(event.key, at, count);
      // Away from the list the arrows scroll the page, as they always do.
      if (target === undefined || (!inList && event.key !== 'j' && event.key !== 'k')) return;
      event.preventDefault();
      focusRow(target);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [list, count, scrollTo]);
}

function targetOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'j':
    case 'ArrowDown':
      return Math.min(at + 1, count - 1);
    case 'k':
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function useIsNarrow(): boolean {
  const [media] = useState(() => matchMedia('(max-width: 44rem)'));
  const [narrow, setNarrow] = useState(media.matches);
  useEffect(() => {
    const update = () => setNarrow(media.matches);
    media.addEventListener('change', update);
    return () => media.removeEventListener('change', update);
  }, [media]);
  return narrow;
}
