import { useId, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { newKey } from '../model/new-key.ts';
import { hrefs } from '../model/route.ts';
import { readJson } from '../model/schema-form.ts';
import { Dialog } from '../ui/dialog.tsx';
import { navigate } from '../ui/location.ts';
import { ProblemNotice, Unshown } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';
import { DataForm } from './data-form.tsx';
import { JsonField } from './json-field.tsx';
import { useAction } from './use-action.ts';

export interface StartDialogProps {
  /** Without it the reader chooses. */
  readonly flowId?: string;
  /** Without it the newest one that can be started. */
  readonly version?: string;
  readonly onClose: () => void;
}

/** Starts a run: of a flow with its input, or of a workflow function with its arguments. */
export function StartDialog({ flowId, version, onClose }: StartDialogProps) {
  const [kind, setKind] = useState<'flow' | 'code'>('flow');
  return (
    <Dialog title={flowId === undefined ? 'Start a run' : `Start ${flowId}${version === undefined ? '' : `@${version}`}`} onClose={onClose}>
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
        {kind === 'flow' ? <StartFlow flowId={flowId} version={version} onClose={onClose} /> : <StartCode onClose={onClose} />}
      </div>
    </Dialog>
  );
}

interface StartFlowProps {
  readonly flowId: string | undefined;
  readonly version: string | undefined;
  readonly onClose: () => void;
}

function StartFlow({ flowId, version, onClose }: StartFlowProps) {
  const id = useId();
  const flows = useResource(flowId === undefined ? 'flows' : undefined, api.flows);
  const [chosen, setChosen] = useState(flowId);
  const flow = chosen ?? flows.data?.data[0]?.flowId;
  const versions = useResource(
    flow === undefined || version !== undefined ? undefined : `versions:${flow}`,
    async (signal) => await api.flowVersions(flow ?? '', signal),
  );
  // The newest may be a draft, which nobody can start.
  const startable = version ?? versions.data?.data.find(({ status }) => status === 'published')?.version;
  const detail = useResource(
    flow === undefined || startable === undefined ? undefined : `flow:${flow}@${startable}`,
    async (signal) => await api.flow(flow ?? '', startable ?? '', signal),
  );
  const { busy, problem, act } = useAction();
  const [key] = useState(newKey);
  const unreadable = flows.problem ?? versions.problem ?? detail.problem;

  if (flows.data?.data.length === 0)
    return <p class="soft">No flow is registered yet. Register one with `pawl flow register`, or start a function.</p>;
  const start = (input: unknown) =>
    act(async () => {
      if (!detail.data) return;
      // The version whose form was filled in, also when a newer one has come meanwhile.
      const run = await api.startFlow(detail.data.flowId, input ?? {}, detail.data.version, key);
      onClose();
      navigate(hrefs.run(run.runId));
    }, 'The run is started');
  return (
    <>
      {flowId === undefined && (
        <div class="field" style={{ marginBottom: '0.875rem' }}>
          <label for={id}>Flow</label>
          <select id={id} class="input" value={flow} onChange={(event) => setChosen(event.currentTarget.value)}>
            {flows.data?.data.map((each) => (
              <option key={each.flowId} value={each.flowId}>
                {each.name ?? each.flowId} ({each.version})
              </option>
            ))}
          </select>
          {flows.data && <Unshown many={flows.data} />}
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
      {versions.data && startable === undefined && <p class="soft">No version of this flow is published, so it cannot be started.</p>}
      {unreadable && <ProblemNotice problem={unreadable} />}
    </>
  );
}

function StartCode({ onClose }: { readonly onClose: () => void }) {
  const id = useId();
  const [workflow, setWorkflow] = useState('');
  const [args, setArgs] = useState('[]');
  const [wrong, setWrong] = useState<string>();
  const { busy, problem, act } = useAction();
  const [key] = useState(newKey);
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
