import { OperateError } from './errors.ts';

export const allScopes = ['read', 'act', 'admin'] as const;
export type Scope = (typeof allScopes)[number];

/** In whose name something is done. */
export interface Caller {
  /** As the audit log names it: that of the token, never the token. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Bound to it, it sees and does nothing outside; null: to none. */
  readonly tenantId: string | null;
  readonly via: 'api' | 'cli' | 'mcp' | 'host';
  /** What the caller names this act by; the audit log remembers it. */
  readonly idempotencyKey?: string;
}

/** Who may do everything: the process itself, or whoever can read its database anyway. */
export function trustedCaller(name: string, via: Caller['via']): Caller {
  return { name, via, scopes: allScopes, tenantId: null };
}

export function mayDo({ scopes }: Caller, scope: Scope): boolean {
  return scopes.includes(scope);
}

/** Throws FORBIDDEN. */
export function expectScope(caller: Caller, scope: Scope): void {
  if (mayDo(caller, scope)) return;
  throw new OperateError('forbidden', 'FORBIDDEN', `"${caller.name}" may not do this: it needs the scope "${scope}".`);
}
