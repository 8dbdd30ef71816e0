import { api } from '../api/api.ts';
import type { FlowState, RunDetail } from '../api/types.ts';
import { hrefs } from '../model/route.ts';
import { ProblemState, Skeleton } from '../ui/states.tsx';
import { useResource } from '../ui/use-resource.ts';
import { Graph } from './graph.tsx';

/** The graph of the flow this run is of, with the way it took. */
export function RunGraph({ run, flow }: { readonly run: RunDetail; readonly flow: FlowState }) {
  const { flowId, version } = flow;
  const detail = useResource(`flow:${flowId}@${version}`, async (signal) => await api.flow(flowId, version, signal));
  if (!detail.data)
    return detail.problem ? <ProblemState problem={detail.problem} retry={detail.reload} /> : <Skeleton label="Loading the graph" />;
  return (
    <section class="panel" aria-label="Graph">
      <div class="panel-head">
        <h2>
          <a class="main" href={hrefs.flow(flowId, version)}>
            {detail.data.name ?? flowId}
          </a>
        </h2>
        <span class="tag">{version}</span>
        {flow.currentStep !== null && (
          <span class="push soft">
            now at <code>{flow.currentStep}</code>
          </span>
        )}
      </div>
      <Graph graph={detail.data.graph} path={flow.path} completed={run.status === 'completed'} />
    </section>
  );
}
