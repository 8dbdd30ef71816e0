import { useEffect, useState } from 'preact/hooks';
import { Charts } from '../charts/charts.tsx';
import { isNarrowed, parseFilters } from '../model/filters.ts';
import { formatCount, plural } from '../model/format.ts';
import { hrefs } from '../model/route.ts';
import { StartDialog } from '../run/start-dialog.tsx';
import { ArrowUpIcon, PlayIcon } from '../ui/icons.tsx';
import { useLocation } from '../ui/location.ts';
import { useMayAct } from '../ui/me.tsx';
import { Empty, ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { StuckRuns } from '../ui/stuck-runs.tsx';
import { RunFilterBar } from './run-filters.tsx';
import { RunRows } from './run-rows.tsx';
import { type Runs, useRuns } from './use-runs.ts';

/** All runs of both kinds, live. */
export function RunsPage() {
  const { search } = useLocation();
  const filters = parseFilters(search);
  const runs = useRuns(filters);
  const [starting, setStarting] = useState(false);
  const mayAct = useMayAct();
  useReleaseAtTop(runs);

  return (
    <>
      <div class="page-head">
        <h1>Runs</h1>
        <div class="page-head-end">
          <LiveState live={runs.live} />
          {mayAct && (
            <button type="button" class="button primary" onClick={() => setStarting(true)}>
              <PlayIcon size={14} /> Start a run
            </button>
          )}
        </div>
      </div>
      <StuckRuns />
      <Charts />
      <RunFilterBar filters={filters} />
      {runs.held > 0 && (
        <div class="fresh">
          <button
            type="button"
            class="button primary"
            onClick={() => {
              runs.release();
              scrollTo({ top: 0 });
            }}
          >
            <ArrowUpIcon size={14} /> {plural(runs.held, 'new run')}
          </button>
        </div>
      )}
      <section class="panel" aria-label="List of runs">
        <List runs={runs} narrowed={isNarrowed(filters)} onStart={mayAct ? () => setStarting(true) : undefined} />
      </section>
      {starting && <StartDialog onClose={() => setStarting(false)} />}
    </>
  );
}

function List({
  runs,
  narrowed,
  onStart,
}: {
  readonly runs: Runs;
  readonly narrowed: boolean;
  readonly onStart: (() => void) | undefined;
}) {
  const { list, problem } = runs;
  if (!list) return problem ? <ProblemState problem={problem} retry={runs.reload} /> : <Skeleton rows={12} label="Loading runs" />;
  if (list.runs.length === 0) return narrowed ? <NothingMatches /> : <NothingYet onStart={onStart} />;
  return (
    <>
      {problem && <ProblemNotice problem={problem} />}
      <RunRows runs={list.runs} hasMore={list.hasMore} onNearEnd={runs.more} onSight={runs.see} />
      <div class="runs-foot" role="status">
        {list.hasMore ? (
          <button type="button" class="button small" disabled={runs.loadingMore} onClick={runs.more}>
            {runs.loadingMore ? 'Loading more…' : `Show more than ${formatCount(list.runs.length)}`}
          </button>
        ) : (
          `${plural(list.runs.length, 'run')}${narrowed ? ' match' : ''}`
        )}
      </div>
    </>
  );
}

function NothingMatches() {
  return (
    <Empty title="No run matches">
      <p>New runs that match appear here by themselves.</p>
      <div class="actions">
        <a class="button" href={hrefs.runs}>
          Clear the filters
        </a>
      </div>
    </Empty>
  );
}

function NothingYet({ onStart }: { readonly onStart: (() => void) | undefined }) {
  return (
    <Empty title="No runs yet">
      <p>
        Start one from your app with <code>start(workflow, args)</code>, or here. It appears in this list the moment it is created.
      </p>
      {onStart && (
        <div class="actions">
          <button type="button" class="button primary" onClick={onStart}>
            <PlayIcon size={14} /> Start a run
          </button>
        </div>
      )}
    </Empty>
  );
}

function LiveState({ live }: { readonly live: Runs['live'] }) {
  const texts = { connecting: 'Connecting', open: 'Live', lost: 'Connection lost, trying again' };
  return (
    <span class={`live ${live}`} role="status">
      {texts[live]}
    </span>
  );
}

/** Whoever scrolls back to the top sees what is new without a click. */
function useReleaseAtTop({ release }: Runs): void {
  useEffect(() => {
    const onScroll = () => scrollY < 60 && release();
    addEventListener('scroll', onScroll, { passive: true });
    return () => removeEventListener('scroll', onScroll);
  }, [release]);
}
