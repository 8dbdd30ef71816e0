import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Problem } from '../api/problem.ts';
import type { RunDetail } from '../api/types.ts';
import { hrefs } from '../model/route.ts';
import { CancelDialog, ReplayDialog, ResumeDialog, RetryDialog, WakeDialog } from '../run/action-dialogs.tsx';
import { EventLog } from '../run/event-log.tsx';
import { HooksAndWaits } from '../run/hooks-and-waits.tsx';
import { RunGraph } from '../run/run-graph.tsx';
import { ErrorView } from '../run/step-detail.tsx';
import { Streams } from '../run/streams.tsx';
import { TimelineView } from '../run/timeline-view.tsx';
import { useRun } from '../run/use-run.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { InfoIcon, PlayIcon } from '../ui/icons.tsx';
import { navigate } from '../ui/location.ts';
import { isShortcut } from '../ui/shortcuts.tsx';
import { ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { Status } from '../ui/status.tsx';
import { type Tab, Tabs } from '../ui/tabs.tsx';
import { Ago, Instant, Took } from '../ui/time.tsx';
import { useReload, useResource } from '../ui/use-resource.ts';
import { PayloadView } from '../ui/value.tsx';

type Asked =
  | { readonly action: 'cancel' | 'wake' | 'replay' }
  | { readonly action: 'resume'; readonly hookId?: string }
  | { readonly action: 'retry'; readonly from?: string };

/** One run: what it is, what it did, what it waits for, and what can be done about it. */
export function RunPage({ runId }: { readonly runId: string }) {
  const { data: run, problem, reload, version } = useRun(runId);
  const [asked, setAsked] = useState<Asked>();
  useUpKey();
  if (!run) return problem ? <RunProblem problem={problem} reload={reload} /> : <Skeleton label="Loading the run" />;
  const can = new Set(run.actions);
  const dialog = { run, onClose: () => setAsked(undefined), onDone: reload };
  const tabs: Tab[] = [
    {
      id: 'timeline',
      title: 'Timeline',
      render: () => (
        <TimelineView
          run={run}
          version={version}
          onRetryFrom={can.has('retry') ? (from) => setAsked({ action: 'retry', from }) : undefined}
        />
      ),
    },
    ...(run.flow ? [{ id: 'graph', title: 'Graph', render: () => run.flow && <RunGraph run={run} flow={run.flow} /> }] : []),
    { id: 'data', title: 'Input and output', render: () => <Data run={run} /> },
    { id: 'events', title: 'Events', count: run.counts.events, render: () => <EventLog run={run} version={version} /> },
    { id: 'streams', title: 'Streams', count: run.counts.streams, render: () => <Streams run={run} version={version} /> },
    {
      id: 'waiting',
      title: 'Hooks and waits',
      count: run.counts.hooks + run.counts.waits,
      render: () => (
        <HooksAndWaits
          run={run}
          version={version}
          onResume={can.has('resume') ? (hookId) => setAsked({ action: 'resume', hookId }) : undefined}
        />
      ),
    },
  ];
  return (
    <>
      <Head run={run} ask={setAsked} />
      {problem && <ProblemNotice problem={problem} />}
      {run.error && <ErrorView error={run.error} />}
      {run.completedAt === null && <Explanation runId={runId} version={version} />}
      <Facts run={run} />
      <Tabs tabs={tabs} label="Of this run" />
      {asked?.action === 'cancel' && <CancelDialog {...dialog} />}
      {asked?.action === 'wake' && <WakeDialog {...dialog} />}
      {asked?.action === 'replay' && <ReplayDialog {...dialog} />}
      {asked?.action === 'retry' && <RetryDialog {...dialog} from={asked.from} />}
      {asked?.action === 'resume' && <ResumeDialog {...dialog} hookId={asked.hookId} />}
    </>
  );
}

function Head({ run, ask }: { readonly run: RunDetail; readonly ask: (asked: Asked) => void }) {
  const can = new Set(run.actions);
  return (
    <div class="page-head">
      <div style={{ minWidth: 0 }}>
        <nav class="crumbs" aria-label="Breadcrumb">
          <a href={hrefs.runs}>Runs</a> <span aria-hidden="true">/</span> <span>{run.kind === 'flow' ? 'Flow' : 'Workflow'}</span>
        </nav>
        <div class="run-title">
          <h1>{run.name}</h1>
          <span role="status">
            <Status status={run.status} badge />
          </span>
        </div>
        <span class="run-id">
          <code>{run.runId}</code>
          <CopyButton text={run.runId} what="run's id" />
        </span>
      </div>
      <div class="page-head-end">
        {can.has('resume') && (
          <button type="button" class="button primary" onClick={() => ask({ action: 'resume' })}>
            <PlayIcon size={14} /> Resume
          </button>
        )}
        {can.has('wake') && (
          <button type="button" class="button" onClick={() => ask({ action: 'wake' })}>
            Wake
          </button>
        )}
        {can.has('retry') && (
          <button type="button" class="button" onClick={() => ask({ action: 'retry' })}>
            Retry
          </button>
        )}
        {can.has('replay') && (
          <button type="button" class="button" onClick={() => ask({ action: 'replay' })}>
            Replay as new
          </button>
        )}
        {can.has('cancel') && (
          <button type="button" class="button danger" onClick={() => ask({ action: 'cancel' })}>
            Cancel
          </button>
        )}
      </div>
    </div>
  );
}

function Explanation({ runId, version }: { readonly runId: string; readonly version: number }) {
  // Time alone changes it: a lease ends, an instant comes, and nothing is written in the log.
  const explanation = useResource(`explain:${runId}`, async (signal) => await api.explain(runId, signal), { everyMs: 5_000 });
  useReload(version, explanation.reload);
  if (!explanation.data) return null;
  return (
    <div class="notice" style={{ marginBottom: '1rem' }}>
      <InfoIcon />
      <p class="notice-body">{explanation.data.text}</p>
    </div>
  );
}

function Facts({ run }: { readonly run: RunDetail }) {
  return (
    <section class="panel panel-body" aria-label="Facts">
      <dl class="facts">
        <Fact title="Created">
          <Instant at={run.createdAt} />{' '}
          <span class="faint">
            (<Ago at={run.createdAt} />)
          </span>
        </Fact>
        <Fact title={run.completedAt === null ? 'Running for' : 'Duration'}>
          <Took from={run.startedAt} ms={run.durationMs} />
        </Fact>
        {run.flow && (
          <Fact title="Flow">
            <a href={hrefs.flow(run.flow.flowId, run.flow.version)}>
              {run.flow.flowId}@{run.flow.version}
            </a>
          </Fact>
        )}
        <Fact title="Deployment">
          <code>{run.deploymentId}</code>
        </Fact>
        {run.tenantId !== null && (
          <Fact title="Tenant">
            <a href={`${hrefs.runs}?tenant=${encodeURIComponent(run.tenantId)}`}>{run.tenantId}</a>
          </Fact>
        )}
        {run.parentId !== null && (
          <Fact title="Started by">
            <a href={hrefs.run(run.parentId)}>
              <code>{run.parentId}</code>
            </a>
          </Fact>
        )}
        {run.retryOf !== null && (
          <Fact title="Retry of">
            <a href={hrefs.run(run.retryOf)}>
              <code>{run.retryOf}</code>
            </a>
          </Fact>
        )}
        {run.name !== run.workflowName && (
          <Fact title="Stored as">
            <code>{run.workflowName}</code>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Data({ run }: { readonly run: RunDetail }) {
  return (
    <section class="panel panel-body columns" aria-label="Input and output">
      <PayloadView title="Input" payload={run.input} />
      <PayloadView title="Output" payload={run.output} />
    </section>
  );
}

function RunProblem({ problem, reload }: { readonly problem: Problem; readonly reload: () => void }) {
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={hrefs.runs}>Runs</a>
      </nav>
      <ProblemState whole problem={problem} retry={reload} {...(problem.status === 404 ? { title: 'There is no such run' } : {})} />
    </>
  );
}

/** `u` goes up to the list. */
function useUpKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isShortcut(event) && event.key === 'u') navigate(hrefs.runs);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
