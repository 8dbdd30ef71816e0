import { useEffect, useState } from 'preact/hooks';

export interface Place {
  /** Within the dashboard, which may be mounted below a path of its own. */
  readonly path: string;
  readonly search: string;
}

const listeners = new Set<() => void>();

/** Where the browser is, for a component that shows something else elsewhere. */
export function useLocation(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace((before) => (same(before, here()) ? before : here()));
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return place;
}

/** Goes to an address of the dashboard without loading the page anew. `replace` leaves no entry to come back to. */
export function navigate(href: string, { replace = false } = {}): void {
  const url = new URL(href, document.baseURI);
  if (!replace) history.replaceState({ scrollY }, '');
  if (replace) history.replaceState(history.state, '', url);
  else history.pushState(null, '', url);
  for (const listener of listeners) listener();
}

/** Changes some of the address's parameters; undefined takes one out. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>, options?: { replace?: boolean }): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(`${location.pathname}${text === '' ? '' : `?${text}`}`, options);
}

/** How far down the page was when it was left, for somebody who comes back to it; else its top. */
export function arrivalScroll(): number {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'scrollY' in state ? Number(state.scrollY) : 0;
}

/** Makes plain links move within the dashboard; a new tab, a download or another site is left to the browser. */
export function followLinks(): void {
  history.scrollRestoration = 'manual';
  addEventListener('popstate', () => {
    for (const listener of listeners) listener();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download') || !link.href.startsWith(mountedAt()) || link.hash) return;
    event.preventDefault();
    navigate(link.href);
  });
}

function here(): Place {
  return { path: location.pathname.slice(new URL(mountedAt()).pathname.length - 1), search: location.search };
}

/** The address of the dashboard's root, with a slash at its end. The server names it in the page's `<base>`. */
function mountedAt(): string {
  return new URL('.', document.baseURI).href;
}

function same(a: Place, b: Place): boolean {
  return a.path === b.path && a.search === b.search;
}
