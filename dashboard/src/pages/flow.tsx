import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { FlowDetail, FlowVersion } from '../api/types.ts';
import { plural } from '../model/format.ts';
import { hrefs } from '../model/route.ts';
import { Graph } from '../run/graph.tsx';
import { StartDialog } from '../run/start-dialog.tsx';
import { PlayIcon } from '../ui/icons.tsx';
import { navigate } from '../ui/location.ts';
import { useMayAct } from '../ui/me.tsx';
import { ProblemState, Skeleton } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';
import { PayloadView } from '../ui/value.tsx';

/** A flow in one of its versions: its graph and its definition. */
export function FlowPage({ flowId, version }: { readonly flowId: string; readonly version: string | undefined }) {
  const versions = useResource(`versions:${flowId}`, async (signal) => await api.flowVersions(flowId, signal));
  const shown = version ?? versions.data?.data[0]?.version;
  const detail = useResource(
    shown === undefined ? undefined : `flow:${flowId}@${shown}`,
    async (signal) => await api.flow(flowId, shown ?? '', signal),
  );
  const problem = versions.problem ?? detail.problem;
  const again = () => {
    versions.reload();
    detail.reload();
  };
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={hrefs.flows}>Flows</a> <span aria-hidden="true">/</span> <span>{flowId}</span>
      </nav>
      {detail.data && versions.data ? (
        <Flow flow={detail.data} versions={versions.data.data} />
      ) : problem ? (
        <ProblemState whole problem={problem} retry={again} {...(problem.status === 404 ? { title: 'There is no such flow' } : {})} />
      ) : (
        <Skeleton label="Loading the flow" />
      )}
    </>
  );
}

function Flow({ flow, versions }: { readonly flow: FlowDetail; readonly versions: readonly FlowVersion[] }) {
  const mayAct = useMayAct();
  const [starting, setStarting] = useState(false);
  return (
    <>
      <div class="page-head">
        <h1>{flow.name ?? flow.flowId}</h1>
        {flow.status !== 'published' && <span class="tag">{flow.status}</span>}
        <div class="page-head-end">
          <select
            class="input"
            style={{ width: 'auto' }}
            aria-label="Version"
            value={flow.version}
            onChange={(event) => navigate(hrefs.flow(flow.flowId, event.currentTarget.value))}
          >
            {versions.map(({ version, status }) => (
              <option key={version} value={version}>
                {version}
                {status === 'published' ? '' : ` (${status})`}
              </option>
            ))}
          </select>
          <a class="button" href={`${hrefs.runs}?kind=flow&name=${encodeURIComponent(flow.flowId)}`}>
            Runs of this flow
          </a>
          {mayAct && flow.status === 'published' && (
            <button type="button" class="button primary" onClick={() => setStarting(true)}>
              <PlayIcon size={14} /> Start
            </button>
          )}
        </div>
      </div>
      {flow.description !== null && <p class="soft">{flow.description}</p>}
      <section class="panel" aria-label="Graph" style={{ marginTop: '1rem' }}>
        <div class="panel-head">
          <h2>Graph</h2>
          <span class="push faint">{plural(flow.steps, 'step')}</span>
        </div>
        <Graph graph={flow.graph} />
      </section>
      <section class="panel panel-body" aria-label="Definition">
        <PayloadView title="Definition" payload={{ state: 'value', json: flow.definition, truncated: false }} />
      </section>
      {starting && <StartDialog flowId={flow.flowId} version={flow.version} onClose={() => setStarting(false)} />}
    </>
  );
}
