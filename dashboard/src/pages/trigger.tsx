import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Firing, Page, TriggerDetail } from '../api/types.ts';
import { shortenId } from '../model/format.ts';
import { hrefs } from '../model/route.ts';
import { DataForm } from '../run/data-form.tsx';
import { useAction } from '../run/use-action.ts';
import { Dialog } from '../ui/dialog.tsx';
import { BoltIcon } from '../ui/icons.tsx';
import { useMay } from '../ui/me.tsx';
import { Empty, ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { Ago, Instant } from '../ui/time.tsx';
import { type Resource, useResource } from '../ui/use-resource.ts';
import { PayloadView } from '../ui/value.tsx';

/** A trigger: when it fires next, how it fired before, and its switch. */
export function TriggerPage({ triggerId }: { readonly triggerId: string }) {
  const trigger = useResource(`trigger:${triggerId}`, async (signal) => await api.trigger(triggerId, signal), { everyMs: 10_000 });
  const firings = useResource(`firings:${triggerId}`, async (signal) => await api.firings(triggerId, signal), { everyMs: 10_000 });
  const [asked, setAsked] = useState<'fire' | 'switch'>();
  const mayAct = useMay('act');
  const maySwitch = useMay('admin');
  const { data, problem } = trigger;
  const again = () => {
    trigger.reload();
    firings.reload();
  };
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={hrefs.triggers}>Triggers</a> <span aria-hidden="true">/</span> <span>{triggerId}</span>
      </nav>
      {!data ? (
        problem ? (
          <ProblemState
            whole
            problem={problem}
            retry={trigger.reload}
            {...(problem.status === 404 ? { title: 'There is no such trigger' } : {})}
          />
        ) : (
          <Skeleton label="Loading the trigger" />
        )
      ) : (
        <>
          <div class="page-head">
            <h1>{data.triggerId}</h1>
            <span class="tag">{data.type}</span>
            {!data.enabled && <span class="tag">off</span>}
            {(mayAct || maySwitch) && (
              <div class="page-head-end">
                {maySwitch && (
                  <button type="button" class="button" onClick={() => setAsked('switch')}>
                    {data.enabled ? 'Turn off' : 'Turn on'}
                  </button>
                )}
                {mayAct && (
                  <button type="button" class="button primary" onClick={() => setAsked('fire')}>
                    <BoltIcon size={14} /> Fire now
                  </button>
                )}
              </div>
            )}
          </div>
          <p class="soft" style={{ marginBottom: '1rem' }}>
            {data.summary} It starts <a href={hrefs.flow(data.flowId, data.version ?? undefined)}>{data.flowId}</a>
            {data.version !== null && `@${data.version}`}.
          </p>
          <div class="columns">
            <NextFirings trigger={data} />
            <Firings firings={firings} />
          </div>
          <section class="panel panel-body" aria-label="Definition">
            <PayloadView title="Definition" payload={{ state: 'value', json: data.definition, truncated: false }} />
          </section>
          {asked === 'switch' && <SwitchDialog trigger={data} onClose={() => setAsked(undefined)} onDone={again} />}
          {asked === 'fire' && <FireDialog trigger={data} onClose={() => setAsked(undefined)} onDone={again} />}
        </>
      )}
    </>
  );
}

function NextFirings({ trigger }: { readonly trigger: TriggerDetail }) {
  return (
    <section class="panel" aria-label="Next firings">
      <div class="panel-head">
        <h2>Next firings</h2>
      </div>
      {trigger.nextFirings.length === 0 ? (
        <p class="panel-body faint">{trigger.enabled ? 'It fires when something happens, not by the clock.' : 'It is turned off.'}</p>
      ) : (
        <table>
          <tbody>
            {trigger.nextFirings.map((at) => (
              <tr key={at}>
                <td>
                  <Instant at={at} />
                </td>
                <td class="end faint">
                  <Ago at={at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Firings({ firings: { data: page, problem, reload } }: { readonly firings: Resource<Page<Firing>> }) {
  const firings = page?.data;
  return (
    <section class="panel" aria-label="Firings">
      <div class="panel-head">
        <h2>Latest firings</h2>
      </div>
      {!firings ? (
        problem ? (
          <ProblemState problem={problem} retry={reload} />
        ) : (
          <Skeleton rows={3} label="Loading firings" />
        )
      ) : firings.length === 0 ? (
        <Empty title="It has not fired yet" />
      ) : (
        <table>
          <tbody>
            {firings.map((firing) => (
              <tr key={firing.firedAt + (firing.runId ?? '')}>
                <td>
                  <Ago at={firing.firedAt} />
                </td>
                <td class="end">
                  {firing.runId === null ? (
                    <span class="tone-failed">{firing.error?.message ?? 'started nothing'}</span>
                  ) : (
                    <a href={hrefs.run(firing.runId)}>
                      <code>{shortenId(firing.runId)}</code>
                    </a>
                  )}{' '}
                  {firing.duplicate && <span class="tag">repeated</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface TriggerDialogProps {
  readonly trigger: TriggerDetail;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function SwitchDialog({ trigger, onClose, onDone }: TriggerDialogProps) {
  const { busy, problem, act } = useAction();
  const next = !trigger.enabled;
  const confirm = () =>
    act(
      async () => {
        await api.setTrigger(trigger.triggerId, next);
        onDone();
        onClose();
      },
      next ? 'The trigger is on' : 'The trigger is off',
    );
  const lead = next ? 'It fires again from now on.' : 'It starts nothing until it is turned on again. Runs that it has started go on.';
  return (
    <Dialog title={next ? 'Turn this trigger on?' : 'Turn this trigger off?'} lead={lead} onClose={onClose}>
      {problem && <ProblemNotice problem={problem} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Back
        </button>
        <button type="button" class="button primary" disabled={busy} onClick={confirm}>
          {next ? 'Turn on' : 'Turn off'}
        </button>
      </div>
    </Dialog>
  );
}

function FireDialog({ trigger, onClose, onDone }: TriggerDialogProps) {
  const { busy, problem, act } = useAction();
  const fire = (data: unknown) =>
    act(async () => {
      try {
        await api.fireTrigger(trigger.triggerId, data as Record<string, unknown> | undefined);
      } finally {
        // One that started nothing stands among the firings too.
        onDone();
      }
      onClose();
    }, 'The trigger has fired');
  return (
    <Dialog title="Fire this trigger now?" lead={`It starts ${trigger.flowId} as if its moment had come.`} onClose={onClose}>
      <DataForm schema={null} label="What it sees" submit="Fire" busy={busy} onSubmit={fire} onCancel={onClose}>
        {problem && <ProblemNotice problem={problem} />}
      </DataForm>
    </Dialog>
  );
}
