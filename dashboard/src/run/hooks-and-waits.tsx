import type { RunDetail } from '../api/types.ts';
import { isAnswerable, waitingFirst } from '../model/answerable.ts';
import { shortenId } from '../model/format.ts';
import { PlayIcon } from '../ui/icons.tsx';
import { Empty, ProblemState, Skeleton, Unshown } from '../ui/states.tsx';
import { Status } from '../ui/status.tsx';
import { Ago, Instant } from '../ui/time.tsx';
import { useWaiting } from './use-waiting.ts';

export interface HooksAndWaitsProps {
  readonly run: RunDetail;
  readonly version: number;
  readonly onResume: ((hookId: string) => void) | undefined;
}

/** What the run waits for from outside, by hook and token, and until when it sleeps. Tokens themselves are never shown. */
export function HooksAndWaits({ run, version, onResume }: HooksAndWaitsProps) {
  const both = useWaiting(run.runId, version, 'desc');
  if (!both.data)
    return both.problem ? (
      <ProblemState problem={both.problem} retry={both.reload} />
    ) : (
      <Skeleton rows={3} label="Loading hooks and waits" />
    );
  const hooks = waitingFirst(both.data.hooks.data);
  const waits = waitingFirst(both.data.waits.data);
  if (hooks.length + waits.length === 0) {
    return (
      <section class="panel">
        <Empty title="No hooks and no waits">
          <p>A run that waits for somebody or sleeps shows here what for and until when.</p>
        </Empty>
      </section>
    );
  }
  return (
    <>
      {hooks.length > 0 && (
        <section class="panel" aria-label="Hooks">
          <div class="panel-head">
            <h2>Hooks and tokens</h2>
          </div>
          <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of hooks">
            <table>
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">Token</th>
                  <th scope="col">Hook</th>
                  <th scope="col">Received</th>
                  <th scope="col">Created</th>
                  <th scope="col">
                    <span class="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {hooks.map((hook) => (
                  <tr key={hook.hookId}>
                    <td>
                      <Status status={hook.status} />
                    </td>
                    <td>
                      <code>{hook.tokenHint === '' ? '–' : hook.tokenHint}</code>
                    </td>
                    <td>
                      <code title={hook.hookId}>{shortenId(hook.hookId)}</code>
                    </td>
                    <td class="number">{hook.receivedCount}</td>
                    <td>
                      <Ago at={hook.createdAt} />
                    </td>
                    <td class="end">
                      {onResume && isAnswerable(run.kind, hook) && (
                        <button type="button" class="button small" onClick={() => onResume(hook.hookId)}>
                          <PlayIcon size={12} /> Resume
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Unshown many={both.data.hooks} end="newest" of={run.counts.hooks} />
        </section>
      )}
      {waits.length > 0 && (
        <section class="panel" aria-label="Waits">
          <div class="panel-head">
            <h2>Sleeps</h2>
          </div>
          <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of sleeps">
            <table>
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">Until</th>
                  <th scope="col">Id</th>
                  <th scope="col">Since</th>
                </tr>
              </thead>
              <tbody>
                {waits.map((wait) => (
                  <tr key={wait.waitId}>
                    <td>
                      <Status status={wait.status} />
                    </td>
                    <td>
                      <Instant at={wait.resumeAt} />{' '}
                      <span class="faint">
                        (<Ago at={wait.resumeAt} />)
                      </span>
                    </td>
                    <td>
                      <code title={wait.waitId}>{shortenId(wait.waitId)}</code>
                    </td>
                    <td>
                      <Ago at={wait.createdAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Unshown many={both.data.waits} end="newest" of={run.counts.waits} />
        </section>
      )}
    </>
  );
}
