import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useLocation, setQuery } from './location.ts';

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly count?: number | undefined;
  readonly render: () => ComponentChildren;
}

/** Tabs whose choice is in the address. The arrow keys go from one to the next, as in any list of tabs. */
export function Tabs({ tabs, label }: { readonly tabs: readonly Tab[]; readonly label: string }) {
  const { search } = useLocation();
  const list = useRef<HTMLDivElement>(null);
  const wanted = new URLSearchParams(search).get('tab');
  const current = tabs.find(({ id }) => id === wanted) ?? tabs[0];
  const choose = (id: string) => setQuery({ tab: id === tabs[0]?.id ? undefined : id }, { replace: true });
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab === current);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = next === undefined ? undefined : tabs[next % tabs.length];
    if (!tab) return;
    event.preventDefault();
    choose(tab.id);
    list.current?.querySelector<HTMLElement>(`#tab-${tab.id}`)?.focus();
  };
  if (!current) return null;
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ id, title, count }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === current.id}
            aria-controls="tab-panel"
            tabIndex={id === current.id ? 0 : -1}
            onClick={() => choose(id)}
          >
            {title} {count !== undefined && <span class="count">{count}</span>}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${current.id}`}>
        {current.render()}
      </div>
    </>
  );
}
