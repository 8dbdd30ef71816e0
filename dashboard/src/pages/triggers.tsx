import { api } from '../api/api.ts';
import { hrefs } from '../model/route.ts';
import { BoltIcon } from '../ui/icons.tsx';
import { Empty, ProblemState, Skeleton, Unshown } from '../ui/states.tsx';
import { Ago, Instant } from '../ui/time.tsx';
import { useResource } from '../ui/use-resource.ts';

/** What starts flows by itself, and when next. */
export function TriggersPage() {
  const triggers = useResource('triggers', api.triggers, { everyMs: 10_000 });
  return (
    <>
      <div class="page-head">
        <h1>Triggers</h1>
      </div>
      <section class="panel" aria-label="List of triggers">
        {!triggers.data ? (
          triggers.problem ? (
            <ProblemState problem={triggers.problem} retry={triggers.reload} />
          ) : (
            <Skeleton label="Loading triggers" />
          )
        ) : triggers.data.data.length === 0 ? (
          <Empty title="No triggers yet" icon={<BoltIcon size={22} />}>
            <p>A trigger starts a flow on a schedule, on an HTTP request or on another execution's event.</p>
          </Empty>
        ) : (
          <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of triggers">
            <table>
              <thead>
                <tr>
                  <th scope="col">Trigger</th>
                  <th scope="col">Type</th>
                  <th scope="col">When</th>
                  <th scope="col">Starts</th>
                  <th scope="col">Next firing</th>
                </tr>
              </thead>
              <tbody>
                {triggers.data.data.map((trigger) => (
                  <tr key={trigger.triggerId}>
                    <td>
                      <a class="main" href={hrefs.trigger(trigger.triggerId)}>
                        {trigger.triggerId}
                      </a>{' '}
                      {!trigger.enabled && <span class="tag">off</span>}
                    </td>
                    <td>
                      <span class="tag">{trigger.type}</span>
                    </td>
                    <td class="soft">{trigger.summary}</td>
                    <td>
                      <a href={hrefs.flow(trigger.flowId, trigger.version ?? undefined)}>{trigger.flowId}</a>
                    </td>
                    <td class="soft">
                      {trigger.nextFireAt === null ? (
                        '–'
                      ) : (
                        <>
                          <Instant at={trigger.nextFireAt} />{' '}
                          <span class="faint">
                            (<Ago at={trigger.nextFireAt} />)
                          </span>
                        </>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <Unshown many={triggers.data} />
          </div>
        )}
      </section>
    </>
  );
}
