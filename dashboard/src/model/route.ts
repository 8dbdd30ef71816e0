/** A page of the dashboard, as its address names it. */
export type Route =
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly runId: string }
  | { readonly page: 'flows' }
  | { readonly page: 'flow'; readonly flowId: string; readonly version: string | undefined }
  | { readonly page: 'triggers' }
  | { readonly page: 'trigger'; readonly triggerId: string }
  | { readonly page: 'system' }
  | { readonly page: 'not-found'; readonly path: string };

/** The page that a path within the dashboard means; a path that means none is a page too, so this never throws. */
export function parseRoute(path: string): Route {
  const parts = decodeParts(path);
  if (!parts) return { page: 'not-found', path };
  const [section = 'runs', id, version, ...rest] = parts;
  if (rest.length > 0 || (version !== undefined && section !== 'flows')) return { page: 'not-found', path };
  switch (section) {
    case 'runs':
      return id === undefined ? { page: 'runs' } : { page: 'run', runId: id };
    case 'flows':
      return id === undefined ? { page: 'flows' } : { page: 'flow', flowId: id, version };
    case 'triggers':
      return id === undefined ? { page: 'triggers' } : { page: 'trigger', triggerId: id };
    case 'system':
      return id === undefined ? { page: 'system' } : { page: 'not-found', path };
    default:
      return { page: 'not-found', path };
  }
}

/** The addresses of the pages, relative to where the dashboard is mounted; what they return is safe in an `href`. */
export const hrefs = {
  runs: 'runs',
  run: (runId: string) => `runs/${encodeURIComponent(runId)}`,
  flows: 'flows',
  flow: (flowId: string, version?: string) => `flows/${encodeURIComponent(flowId)}${version ? `/${encodeURIComponent(version)}` : ''}`,
  triggers: 'triggers',
  trigger: (triggerId: string) => `triggers/${encodeURIComponent(triggerId)}`,
  system: 'system',
} as const;

function decodeParts(path: string): string[] | undefined {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}
