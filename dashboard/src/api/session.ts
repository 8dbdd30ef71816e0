const key = 'pawl.token';

/** Whether the API lets us in: nothing is known before the first answer. */
export type SessionState = { readonly state: 'open' } | { readonly state: 'locked'; readonly reason: 'missing' | 'refused' };

let state: SessionState = { state: 'open' };
const listeners = new Set<() => void>();

/**
 * The token that the API is asked with. It lies in the tab's own storage: it is gone with the tab, other tabs do not see it, and it is
 * in no address.
 */
export const session = {
  get token(): string | undefined {
    return sessionStorage.getItem(key) ?? undefined;
  },
  get state(): SessionState {
    return state;
  },
  signIn(token: string): void {
    sessionStorage.setItem(key, token);
    change({ state: 'open' });
  },
  signOut(): void {
    sessionStorage.removeItem(key);
    change({ state: 'locked', reason: 'missing' });
  },
  /** The API answered 401. */
  refused(): void {
    const reason = this.token === undefined ? 'missing' : 'refused';
    sessionStorage.removeItem(key);
    if (state.state === 'open') change({ state: 'locked', reason });
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function change(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}
