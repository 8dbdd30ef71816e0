import { useId, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { Problem } from '../api/problem.ts';
import type { FlowPathEntry, Hook, RunDetail } from '../api/types.ts';
import { answerChoices } from '../model/answerable.ts';
import { hrefs } from '../model/route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { navigate } from '../ui/location.ts';
import { ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';
import { DataForm } from './data-form.tsx';
import { useAction } from './use-action.ts';
import { useWaiting } from './use-waiting.ts';

export interface ActionDialogProps {
  readonly run: RunDetail;
  readonly onClose: () => void;
  /** Something was done: look again. */
  readonly onDone: () => void;
}

export function CancelDialog({ run, onClose, onDone }: ActionDialogProps) {
  const id = useId();
  const [reason, setReason] = useState('');
  const { busy, problem, act } = useAction();
  const cancel = () =>
    act(async () => {
      await api.cancel(run.runId, reason.trim() || undefined);
      onDone();
      onClose();
    }, 'The run is cancelled');
  const undone = run.kind === 'flow' ? ', unless the flow has an onCancel that undoes it' : '';
  return (
    <Dialog
      title="Cancel this run?"
      lead={`It stops where it is and cannot be continued. What its steps have done already stays done${undone}.`}
      onClose={onClose}
    >
      <div class="field">
        <label for={id}>
          Reason <span class="faint">(optional)</span>
        </label>
        <input id={id} class="input" maxLength={1_000} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </div>
      {problem && <ProblemNotice problem={problem} />}
      <Buttons busy={busy} onClose={onClose} onConfirm={cancel} confirm="Cancel the run" back="Keep it running" danger />
    </Dialog>
  );
}

export function WakeDialog({ run, onClose, onDone }: ActionDialogProps) {
  const { busy, problem, act } = useAction();
  const wake = () =>
    act(async () => {
      await api.wake(run.runId);
      onDone();
      onClose();
    }, 'A worker is told to look at the run');
  return (
    <Dialog
      title="Have a worker look at this run now?"
      lead="It goes on if there is anything to do. What it sleeps or waits for stays as it is: this is for a run that seems forgotten."
      onClose={onClose}
    >
      {problem && <ProblemNotice problem={problem} />}
      <Buttons busy={busy} onClose={onClose} onConfirm={wake} confirm="Wake it" />
    </Dialog>
  );
}

export function ReplayDialog({ run, onClose }: ActionDialogProps) {
  const { busy, problem, act } = useAction();
  const replay = () =>
    act(async () => {
      const next = await api.replay(run.runId);
      onClose();
      navigate(hrefs.run(next.runId));
    }, 'A new run is started');
  return (
    <Dialog
      title="Replay as a new run?"
      lead="A new run starts from the beginning with the same input. Every step is done again; this run stays as it is."
      onClose={onClose}
    >
      {problem && <ProblemNotice problem={problem} />}
      <Buttons busy={busy} onClose={onClose} onConfirm={replay} confirm="Start it" />
    </Dialog>
  );
}

/** Retries a flow from one of the steps it has been at. */
export function RetryDialog({ run, from, onClose }: ActionDialogProps & { readonly from: string | undefined }) {
  const id = useId();
  const steps = visitedSteps(run.flow?.path ?? []);
  const [step, setStep] = useState(from ?? run.flow?.path.findLast(({ status }) => status === 'failure')?.stepId ?? '');
  const { busy, problem, act } = useAction();
  const retry = () =>
    act(async () => {
      const next = await api.retry(run.runId, step || undefined);
      onClose();
      navigate(hrefs.run(next.runId));
    }, 'A new run is started');
  return (
    <Dialog
      title="Retry this run?"
      lead="A new run takes over what was done before the chosen step and goes on from there. This run stays as it is."
      onClose={onClose}
    >
      <div class="field">
        <label for={id}>From step</label>
        <select id={id} class="input" value={step} onChange={(event) => setStep(event.currentTarget.value)}>
          <option value="">where it ended</option>
          {steps.map((stepId) => (
            <option key={stepId} value={stepId}>
              {stepId}
            </option>
          ))}
        </select>
      </div>
      {problem && <ProblemNotice problem={problem} />}
      <Buttons busy={busy} onClose={onClose} onConfirm={retry} confirm="Retry" />
    </Dialog>
  );
}

/** Answers what a run waits for. */
export function ResumeDialog({ run: now, hookId, onClose, onDone }: ActionDialogProps & { readonly hookId: string | undefined }) {
  const id = useId();
  // What is asked stays as it was when the dialog opened, also when the run goes on meanwhile: the answer is to that.
  const [run] = useState(now);
  const waiting = useWaiting(run.runId, 0, 'desc');
  const choices = waiting.data ? answerChoices(run.kind, { hooks: waiting.data.hooks.data, waits: waiting.data.waits.data }) : [];
  const [chosen, setChosen] = useState(hookId);
  const hook = chosen === undefined ? choices[0] : choices.find((each) => idOf(each) === chosen);
  // Another hook must not get the answer that was meant for this one.
  const gone = chosen !== undefined && !choices.some((each) => idOf(each) === chosen);
  const asked = useAskedSchema(run);
  const { busy, problem, act } = useAction();
  const resume = (data: unknown) =>
    act(async () => {
      await api.resume(run.runId, hook?.hookId, data);
      onDone();
      onClose();
    }, 'The run goes on');
  const where = run.flow?.currentStep ? ` at step ${run.flow.currentStep}` : '';
  return (
    <Dialog title="Resume this run" lead={`It waits for an answer${where}. What you send becomes the answer.`} onClose={onClose}>
      {choices.length > 1 && !gone && (
        <div class="field" style={{ marginBottom: '0.875rem' }}>
          <label for={id}>Hook</label>
          <select id={id} class="input" value={idOf(hook)} onChange={(event) => setChosen(event.currentTarget.value)}>
            {choices.map((each) => (
              <option key={idOf(each)} value={idOf(each)}>
                {each ? hookTitle(each) : 'The sleep it is in'}
              </option>
            ))}
          </select>
        </div>
      )}
      {waiting.problem && !waiting.data ? (
        <ProblemState problem={waiting.problem} retry={waiting.reload} />
      ) : !waiting.data || asked.loading ? (
        <Skeleton rows={2} label="Loading what it waits for" />
      ) : gone ? (
        <ProblemState title="That wait is over" problem={new Problem(0, 'NOT_WAITING', 'The hook takes no answer any more.')} />
      ) : (
        <DataForm
          key={idOf(hook)}
          schema={hook?.schema ?? asked.schema}
          label="Data"
          submit="Resume"
          busy={busy}
          onSubmit={resume}
          onCancel={onClose}
        >
          {problem && <ProblemNotice problem={problem} />}
        </DataForm>
      )}
    </Dialog>
  );
}

/** A step of a flow that waits may say in its config what the answer looks like. */
function useAskedSchema({ flow }: RunDetail): { readonly schema: unknown; readonly loading: boolean } {
  const key = flow?.currentStep == null ? undefined : `flow:${flow.flowId}@${flow.version}`;
  const detail = useResource(key, async (signal) => await api.flow(flow?.flowId ?? '', flow?.version ?? '', signal));
  const steps = detail.data?.definition['steps'] as
    | Readonly<Record<string, { readonly config?: { readonly schema?: unknown } }>>
    | undefined;
  return { schema: steps?.[flow?.currentStep ?? '']?.config?.schema, loading: detail.loading && !detail.data };
}

/** Empty for the wait of a flow that has no hook. */
function idOf(choice: Hook | undefined): string {
  return choice?.hookId ?? '';
}

function hookTitle({ tokenHint, hookId }: Hook): string {
  return tokenHint === '' ? hookId : `${tokenHint} (${hookId})`;
}

function visitedSteps(path: readonly FlowPathEntry[]): string[] {
  return [...new Set(path.map(({ stepId }) => stepId))];
}

interface ButtonsProps {
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly confirm: string;
  readonly back?: string;
  readonly danger?: boolean;
}

function Buttons({ busy, onClose, onConfirm, confirm, back = 'Back', danger = false }: ButtonsProps) {
  return (
    <div class="dialog-actions">
      <button type="button" class="button" onClick={onClose}>
        {back}
      </button>
      <button type="button" class={`button primary${danger ? ' danger' : ''}`} disabled={busy} onClick={onConfirm}>
        {confirm}
      </button>
    </div>
  );
}
