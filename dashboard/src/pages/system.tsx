import { api } from '../api/api.ts';
import { Charts } from '../charts/charts.tsx';
import type { QueueDepth, System, Worker } from '../api/types.ts';
import { formatCount } from '../model/format.ts';
import { useTenant } from '../ui/me.tsx';
import { Empty, ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { Status } from '../ui/status.tsx';
import { StuckRuns } from '../ui/stuck-runs.tsx';
import { Ago } from '../ui/time.tsx';
import { useResource } from '../ui/use-resource.ts';

/** Who works, what is due, and whether anything is stuck. */
export function SystemPage() {
  const tenant = useTenant();
  const { data, problem, reload } = useResource(tenant === undefined ? 'system' : undefined, api.system, { everyMs: 3_000 });
  return (
    <>
      <div class="page-head">
        <h1>System</h1>
      </div>
      {tenant !== undefined ? (
        <Empty title="Not for one tenant">
          <p>Workers, queues and figures are those of all tenants, and your token is bound to the tenant {tenant}.</p>
        </Empty>
      ) : !data ? (
        problem ? (
          <ProblemState problem={problem} retry={reload} />
        ) : (
          <Skeleton label="Loading the system" />
        )
      ) : (
        <>
          {problem && <ProblemNotice problem={problem} />}
          <StuckRuns />
          <Tiles system={data} />
          <Charts />
          <Queues queue={data.queue} />
          <Workers workers={data.workers} />
        </>
      )}
    </>
  );
}

function Tiles({ system }: { readonly system: System }) {
  const live = system.workers.filter((worker) => worker.live).length;
  return (
    <section class="panel tiles" aria-label="At a glance">
      <Tile label="Open runs" value={formatCount(system.runs.pending + system.runs.running)} />
      <Tile label="Workers alive" value={formatCount(live)} />
      <Tile label="Stuck runs" value={formatCount(system.stuckRuns.count)} bad={system.stuckRuns.count > 0} />
      <Tile
        label="Store"
        value={system.store === 'sqlite' ? 'SQLite' : 'PostgreSQL'}
        note={`schema ${system.schema.version}, Pawl ${system.version}`}
      />
    </section>
  );
}

function Tile({
  label,
  value,
  note,
  bad = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly bad?: boolean;
}) {
  return (
    <div class="tile">
      <div class="label">{label}</div>
      <div class={`big${bad ? ' tone-failed' : ''}`}>{value}</div>
      {note !== undefined && <div class="faint">{note}</div>}
    </div>
  );
}

const queueNames: Readonly<Record<QueueDepth['kind'], string>> = {
  run: 'Runs to replay',
  step: 'Steps',
  flow: 'Flow executions',
  message: 'Other messages',
};

function Queues({ queue }: { readonly queue: readonly QueueDepth[] }) {
  return (
    <section class="panel" aria-label="Queue">
      <div class="panel-head">
        <h2>Queue</h2>
      </div>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of queues">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" class="end">
                Due
              </th>
              <th scope="col" class="end">
                Being worked on
              </th>
              <th scope="col" class="end">
                Due later
              </th>
              <th scope="col">Oldest due</th>
            </tr>
          </thead>
          <tbody>
            {queue.map(({ kind, ready, leased, delayed, oldestDueAt }) => (
              <tr key={kind}>
                <td>{queueNames[kind]}</td>
                <td class="end number">{formatCount(ready)}</td>
                <td class="end number">{formatCount(leased)}</td>
                <td class="end number">{formatCount(delayed)}</td>
                <td class="soft">{oldestDueAt === null || ready === 0 ? '–' : <Ago at={oldestDueAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Workers({ workers }: { readonly workers: readonly Worker[] }) {
  // SQLite judges workers by a monotonic clock, which knows no instants.
  const beats = workers.some(({ lastBeatAt }) => lastBeatAt !== null);
  return (
    <section class="panel" aria-label="Workers">
      <div class="panel-head">
        <h2>Workers</h2>
      </div>
      {workers.length === 0 ? (
        <Empty title="No worker">
          <p>
            Nobody works on runs. Start a worker with <code>world.start()</code> in your app, or with <code>pawl serve</code>.
          </p>
        </Empty>
      ) : (
        <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of workers">
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Host</th>
                <th scope="col">Process</th>
                <th scope="col">Deployment</th>
                <th scope="col">Started</th>
                {beats && <th scope="col">Last heartbeat</th>}
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.id}>
                  <td>{worker.live ? <Status status="completed" word="Alive" /> : <Status status="cancelled" word="Gone" />}</td>
                  <td title={worker.id}>{worker.host}</td>
                  <td class="number">{worker.pid}</td>
                  <td>
                    <code>{worker.deploymentId}</code>
                  </td>
                  <td class="soft">
                    <Ago at={worker.startedAt} />
                  </td>
                  {beats && <td class="soft">{worker.lastBeatAt === null ? '–' : <Ago at={worker.lastBeatAt} />}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
