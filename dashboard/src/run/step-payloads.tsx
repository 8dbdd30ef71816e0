import { api } from '../api/api.ts';
import type { StepSummary } from '../api/types.ts';
import { ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { useReload, useResource } from '../ui/use-resource.ts';
import { PayloadView } from '../ui/value.tsx';

/** What went into a step and what came out. It may be large, and of many steps, so it is loaded where it is shown. */
export function StepPayloads({ runId, step: { stepId, status } }: { readonly runId: string; readonly step: StepSummary }) {
  const step = useResource(`step:${runId}:${stepId}`, async (signal) => await api.step(runId, stepId, signal));
  // What comes out comes with the end of the step.
  useReload(status, step.reload);
  if (!step.data)
    return step.problem ? (
      <ProblemState problem={step.problem} retry={step.reload} />
    ) : (
      <Skeleton rows={2} label="Loading input and output" />
    );
  return (
    <>
      {step.problem && <ProblemNotice problem={step.problem} />}
      <div class="columns">
        <PayloadView title="Input" payload={step.data.input} />
        <PayloadView title="Output" payload={step.data.output} />
      </div>
    </>
  );
}
