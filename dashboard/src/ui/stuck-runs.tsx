import { api } from '../api/api.ts';
import { formatDuration, plural } from '../model/format.ts';
import { lateWork } from '../model/late-work.ts';
import { hrefs } from '../model/route.ts';
import { WarnIcon } from './icons.tsx';
import { useTenant } from './me.tsx';
import { Ago } from './time.tsx';
import { useResource } from './use-resource.ts';

/** A warning about runs that nothing will ever wake again, and about work that no worker takes; nothing when all is well. */
export function StuckRuns() {
  // They are those of all tenants.
  const { data } = useResource(useTenant() === undefined ? 'system' : undefined, api.system, { everyMs: 15_000 });
  if (!data) return null;
  const { count, examples } = data.stuckRuns;
  if (count > 0) {
    return (
      <div class="notice bad" role="alert">
        <WarnIcon />
        <div class="notice-body">
          <strong>{plural(count, 'run')} stuck.</strong> Nothing will wake {count === 1 ? 'it' : 'them'}: wake or cancel{' '}
          {count === 1 ? 'it' : 'them'} by hand, and report this.{' '}
          {examples.map(({ runId, name, since }) => (
            <span key={runId}>
              <a href={hrefs.run(runId)}>{name}</a> (<Ago at={since} />){' '}
            </span>
          ))}
        </div>
      </div>
    );
  }
  const late = lateWork(data);
  if (!late) return null;
  const { why, ready, oldestWaitMs } = late;
  const due = `${plural(ready, 'message')} ${ready === 1 ? 'is' : 'are'} due`;
  return (
    <div class="notice wait" role="alert">
      <WarnIcon />
      {why === 'no worker' ? (
        <div class="notice-body">
          <strong>No worker is alive.</strong> {due} and nobody works on {ready === 1 ? 'it' : 'them'}: start a worker with{' '}
          <code>world.start()</code> or <code>pawl serve</code>.
        </div>
      ) : (
        <div class="notice-body">
          <strong>Work is not taken.</strong> {due}, the oldest for {formatDuration(oldestWaitMs)}: too few workers, or none of its build,
          namespace or handlers. The page of a run says why it waits.
        </div>
      )}
    </div>
  );
}
