import { useId, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { hrefs } from '../model/route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { navigate } from '../ui/location.ts';
import { ProblemNotice } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';
import { DataForm } from './data-form.tsx';
import { JsonField } from './json-field.tsx';
import { useAction } from './use-action.ts';
import { readJson } from '../model/schema-form.ts';

/** Starts a run: of a flow with its input, or of a workflow function with its arguments. */
export function StartDialog({ flowId, onClose }: { readonly flowId?: string; readonly onClose: () => void }) {
  const [kind, setKind] = useState<'flow' | 'code'>('flow');
  return (
    <Dialog title={flowId === undefined ? 'Start a run' : `Start ${flowId}`} onClose={onClose}>
      {flowId === undefined && (
        <div class="field">
          <div class="segmented" role="group" aria-label="What to start" style={{ justifySelf: 'start' }}>
            <button type="button" aria-pressed={kind === 'flow'} onClick={() => setKind('flow')}>
              A flow
            </button>
            <button type="button" aria-pressed={kind === 'code'} onClick={() => setKind('code')}>
              A workflow function
            </button>
          </div>
        </div>
      )}
      <div style={{ marginTop: '0.875rem' }}>
        {kind === 'flow' ? <StartFlow flowId={flowId} onClose={onClose} /> : <StartCode onClose={onClose} />}
      </div>
    </Dialog>
  );
}

function StartFlow({ flowId, onClose }: { readonly flowId: string | undefined; readonly onClose: () => void }) {
  const id = useId();
  const flows = useResource('flows', api.flows);
  const [chosen, setChosen] = useState(flowId);
  const summary = flows.data?.data.find((flow) => flow.flowId === chosen) ?? (chosen === undefined ? flows.data?.data[0] : undefined);
  const detail = useResource(
    summary && `flow:${summary.flowId}@${summary.version}`,
    async (signal) => await api.flow(summary?.flowId ?? '', summary?.version ?? '', signal),
  );
  const { busy, problem, act } = useAction();
  const [key] = useState(() => crypto.randomUUID());

  if (flows.data?.data.length === 0)
    return <p class="soft">No flow is registered yet. Register one with `pawl flow register`, or start a function.</p>;
  const start = (input: unknown) =>
    act(async () => {
      if (!summary) return;
      const run = await api.startFlow(summary.flowId, input ?? {}, undefined, key);
      onClose();
      navigate(hrefs.run(run.runId));
    }, 'The run is started');
  return (
    <>
      {flowId === undefined && (
        <div class="field" style={{ marginBottom: '0.875rem' }}>
          <label for={id}>Flow</label>
          <select id={id} class="input" value={summary?.flowId} onChange={(event) => setChosen(event.currentTarget.value)}>
            {flows.data?.data.map((flow) => (
              <option key={flow.flowId} value={flow.flowId}>
                {flow.name ?? flow.flowId} ({flow.version})
              </option>
            ))}
          </select>
        </div>
      )}
      {detail.data && (
        <DataForm
          key={`${detail.data.flowId}@${detail.data.version}`}
          schema={detail.data.inputSchema}
          label="Input"
          initialJson="{}"
          submit="Start"
          busy={busy}
          onSubmit={start}
          onCancel={onClose}
        >
          {problem && <ProblemNotice problem={problem} />}
        </DataForm>
      )}
      {(flows.problem ?? detail.problem) && <ProblemNotice problem={(flows.problem ?? detail.problem) as NonNullable<typeof problem>} />}
    </>
  );
}

function StartCode({ onClose }: { readonly onClose: () => void }) {
  const id = useId();
  const [workflow, setWorkflow] = useState('');
  const [args, setArgs] = useState('[]');
  const [wrong, setWrong] = useState<string>();
  const { busy, problem, act } = useAction();
  const [key] = useState(() => crypto.randomUUID());
  const start = () => {
    const read = readJson(args);
    if (!read.ok) return setWrong(read.problem);
    const list = read.value ?? [];
    if (!Array.isArray(list)) return setWrong('The arguments are a list: [ … ]');
    setWrong(undefined);
    act(async () => {
      const run = await api.start(workflow.trim(), list as unknown[], key);
      onClose();
      navigate(hrefs.run(run.runId));
    }, 'The run is started');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div class="field">
        <label for={id}>Workflow</label>
        <input
          id={id}
          class="input mono"
          required
          spellcheck={false}
          placeholder="workflow//./workflows/orders//fulfilOrder"
          value={workflow}
          onInput={(event) => setWorkflow(event.currentTarget.value)}
        />
        <span class="hint">Its whole name, as it stands on the page of an earlier run</span>
      </div>
      <JsonField label="Arguments" hint="A JSON list" value={args} problem={wrong} onInput={setArgs} />
      {problem && <ProblemNotice problem={problem} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Back
        </button>
        <button type="submit" class="button primary" disabled={busy}>
          Start
        </button>
      </div>
    </form>
  );
}
