import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from './api/api.ts';
import type { Problem } from './api/problem.ts';
import { session } from './api/session.ts';
import { hrefs, parseRoute, type Route } from './model/route.ts';
import { FlowPage } from './pages/flow.tsx';
import { FlowsPage } from './pages/flows.tsx';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';
import { SystemPage } from './pages/system.tsx';
import { TriggerPage } from './pages/trigger.tsx';
import { TriggersPage } from './pages/triggers.tsx';
import { Gate } from './ui/gate.tsx';
import { arrivalScroll, useLocation } from './ui/location.ts';
import { MeContext } from './ui/me.tsx';
import { Shortcuts } from './ui/shortcuts.tsx';
import { Empty, ProblemState, Skeleton } from './ui/states.tsx';
import { Toasts } from './ui/toast.tsx';
import { Topbar } from './ui/topbar.tsx';
import { useResource } from './ui/use-resource.ts';

export function App() {
  const [access, setAccess] = useState(session.state);
  useEffect(() => session.subscribe(() => setAccess(session.state)), []);
  const { path } = useLocation();
  const route = parseRoute(path);
  // Asked anew after each sign-in; until it has answered, nothing else is asked, so that a wrong token is refused once.
  const me = useResource(access.state === 'open' ? `me:${session.token ?? ''}` : undefined, api.me);
  useTitleAndFocus(route, path);

  if (access.state === 'locked') return <Gate reason={access.reason} />;
  return (
    <MeContext.Provider value={me.data}>
      <a class="skip" href="#main" onClick={skipToContent}>
        Skip to content
      </a>
      <Topbar route={route} me={me.data} />
      <main id="main" tabIndex={-1}>
        {me.data ? (
          <Page route={route} />
        ) : me.problem ? (
          <Unreachable problem={me.problem} reload={me.reload} />
        ) : (
          <Skeleton label="Loading" />
        )}
      </main>
      <Shortcuts />
      <Toasts />
    </MeContext.Provider>
  );
}

function Unreachable({ problem, reload }: { readonly problem: Problem; readonly reload: () => void }) {
  useEffect(() => {
    const timer = setInterval(reload, 3_000);
    return () => clearInterval(timer);
  }, [reload]);
  return <ProblemState whole title="The server does not answer" problem={problem} retry={reload} />;
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'runs':
      return <RunsPage />;
    case 'run':
      return <RunPage key={route.runId} runId={route.runId} />;
    case 'flows':
      return <FlowsPage />;
    case 'flow':
      return <FlowPage key={route.flowId} flowId={route.flowId} version={route.version} />;
    case 'triggers':
      return <TriggersPage />;
    case 'trigger':
      return <TriggerPage key={route.triggerId} triggerId={route.triggerId} />;
    case 'system':
      return <SystemPage />;
    case 'not-found':
      return (
        <Empty whole title="There is no such page">
          <p>
            Nothing lives at <code>{route.path}</code>.
          </p>
          <div class="actions">
            <a class="button" href={hrefs.runs}>
              Go to the runs
            </a>
          </div>
        </Empty>
      );
  }
}

/** The page's `<base>` would make the link lead to the root. */
function skipToContent(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

/** A new page has its own title, and the keyboard and the screen reader begin at its heading. */
function useTitleAndFocus(route: Route, path: string): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(route)} · Pawl`;
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, arrivalScroll());
    document.querySelector<HTMLElement>('#main')?.focus({ preventScroll: true });
  }, [path]);
}

function titleOf(route: Route): string {
  switch (route.page) {
    case 'runs':
      return 'Runs';
    case 'run':
      return route.runId;
    case 'flows':
      return 'Flows';
    case 'flow':
      return route.flowId;
    case 'triggers':
      return 'Triggers';
    case 'trigger':
      return route.triggerId;
    case 'system':
      return 'System';
    case 'not-found':
      return 'Not found';
  }
}
