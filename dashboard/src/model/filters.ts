import type { RunKind, RunStatus, RunSummary } from '../api/types.ts';

/** What the list of runs is narrowed to; undefined narrows nothing. It lives in the address, so that a list can be sent to a colleague. */
export interface RunFilters {
  readonly status: RunStatus | undefined;
  readonly kind: RunKind | undefined;
  /** The workflow's or flow's name. */
  readonly name: string | undefined;
  readonly tenant: string | undefined;
  /** Text in the run's id. */
  readonly q: string | undefined;
  /** How far back runs were created. */
  readonly within: Within | undefined;
  readonly order: 'asc' | undefined;
}

export type Within = keyof typeof withinMs;

export const runStatuses: readonly RunStatus[] = ['pending', 'running', 'waiting', 'completed', 'failed', 'cancelled'];
export const withinMs = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;

/** The filters in an address; what makes no sense there is left out. */
export function parseFilters(search: string): RunFilters {
  const query = new URLSearchParams(search);
  const text = (name: string) => query.get(name)?.trim() || undefined;
  const oneOf = <T extends string>(name: string, allowed: readonly T[]) => allowed.find((value) => value === query.get(name));
  return {
    status: oneOf('status', runStatuses),
    kind: oneOf('kind', ['code', 'flow']),
    name: text('name'),
    tenant: text('tenant'),
    q: text('q'),
    within: oneOf('within', Object.keys(withinMs) as Within[]),
    order: oneOf('order', ['asc']),
  };
}

/** The filters as the query of the dashboard's own address; empty when nothing is narrowed. */
export function formatFilters(filters: Partial<RunFilters>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The filters as parameters of the API. A span that ends now begins at an instant that the API is told. */
export function apiFilters({ within, ...filters }: RunFilters, nowMs: number): Record<string, string | undefined> {
  return { ...filters, since: within && new Date(nowMs - withinMs[within]).toISOString() };
}

export function isNarrowed({ order: _, ...filters }: RunFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/**
 * Whether a run that has changed still belongs to the list. Only of what can change: everything else was decided by the server, which
 * sends no other runs.
 */
export function stillMatches(run: RunSummary, { status }: RunFilters): boolean {
  return status === undefined || run.status === status;
}
