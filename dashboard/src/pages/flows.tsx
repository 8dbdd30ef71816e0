import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { plural } from '../model/format.ts';
import { hrefs } from '../model/route.ts';
import { StartDialog } from '../run/start-dialog.tsx';
import { FlowIcon, PlayIcon } from '../ui/icons.tsx';
import { useMayAct } from '../ui/me.tsx';
import { Empty, ProblemState, Skeleton, Unshown } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';

/** The flows this World knows, each with its newest version. */
export function FlowsPage() {
  const flows = useResource('flows', api.flows, { everyMs: 15_000 });
  const mayAct = useMayAct();
  const [starting, setStarting] = useState<string>();
  return (
    <>
      <div class="page-head">
        <h1>Flows</h1>
      </div>
      <section class="panel" aria-label="List of flows">
        {!flows.data ? (
          flows.problem ? (
            <ProblemState problem={flows.problem} retry={flows.reload} />
          ) : (
            <Skeleton label="Loading flows" />
          )
        ) : flows.data.data.length === 0 ? (
          <Empty title="No flows yet" icon={<FlowIcon size={22} />}>
            <p>
              A flow is a workflow written as JSON. Register one with <code>pawl flow register file.json</code>, or hand it to your Engine.
            </p>
          </Empty>
        ) : (
          <div class="scroll-x" tabIndex={0} role="group" aria-label="Table of flows">
            <table>
              <thead>
                <tr>
                  <th scope="col">Flow</th>
                  <th scope="col">Newest</th>
                  <th scope="col">Versions</th>
                  <th scope="col">Steps</th>
                  <th scope="col">
                    <span class="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {flows.data.data.map((flow) => (
                  <tr key={flow.flowId}>
                    <td>
                      <a class="main" href={hrefs.flow(flow.flowId)}>
                        {flow.name ?? flow.flowId}
                      </a>{' '}
                      {flow.status !== 'published' && <span class="tag">{flow.status}</span>}
                      <div class="faint">{flow.description ?? (flow.name !== null && <code>{flow.flowId}</code>)}</div>
                    </td>
                    <td>
                      <code>{flow.version}</code>
                    </td>
                    <td class="number">{plural(flow.versions.length, 'version')}</td>
                    <td class="number">{flow.steps}</td>
                    <td class="end">
                      <a class="button small" href={`${hrefs.runs}?kind=flow&name=${encodeURIComponent(flow.flowId)}`}>
                        Runs
                      </a>{' '}
                      {mayAct && (
                        <button type="button" class="button small" onClick={() => setStarting(flow.flowId)}>
                          <PlayIcon size={12} /> Start
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <Unshown many={flows.data} />
          </div>
        )}
      </section>
      {starting !== undefined && <StartDialog flowId={starting} onClose={() => setStarting(undefined)} />}
    </>
  );
}
