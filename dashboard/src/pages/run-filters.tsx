import { useEffect, useRef, useState } from 'preact/hooks';
import { formatFilters, type RunFilters, runStatuses, withinMs } from '../model/filters.ts';
import { hrefs } from '../model/route.ts';
import { SearchIcon } from '../ui/icons.tsx';
import { setQuery } from '../ui/location.ts';
import { isShortcut } from '../ui/shortcuts.tsx';
import { capitalised, StatusIcon } from '../ui/status.tsx';

const typingMs = 250;
const spans: Readonly<Record<keyof typeof withinMs, string>> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

/** What narrows the list. Every choice goes into the address, from which the list takes it. */
export function RunFilterBar({ filters }: { readonly filters: RunFilters }) {
  return (
    <div class="toolbar" role="search" aria-label="Filter runs">
      <div class="chips" role="group" aria-label="Status">
        <button type="button" class="chip" aria-pressed={filters.status === undefined} onClick={() => setQuery({ status: undefined })}>
          All
        </button>
        {runStatuses.map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={filters.status === status}
            onClick={() => setQuery({ status: filters.status === status ? undefined : status })}
          >
            <StatusIcon status={status} size={14} />
            {capitalised(status)}
          </button>
        ))}
      </div>
      <div class="toolbar-row">
        <SearchField name="q" label="Text in the run's id" placeholder="Run id" value={filters.q} shortcut="/" />
        <SearchField name="name" label="Name of the workflow or flow" placeholder="Name" value={filters.name} />
        <select
          class="input"
          aria-label="Kind"
          value={filters.kind ?? ''}
          onChange={(event) => setQuery({ kind: event.currentTarget.value || undefined })}
        >
          <option value="">Any kind</option>
          <option value="code">Code</option>
          <option value="flow">Flows</option>
        </select>
        <select
          class="input"
          aria-label="Created"
          value={filters.within ?? ''}
          onChange={(event) => setQuery({ within: event.currentTarget.value || undefined })}
        >
          <option value="">Any time</option>
          {Object.entries(spans).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <select
          class="input"
          aria-label="Order"
          value={filters.order ?? ''}
          onChange={(event) => setQuery({ order: event.currentTarget.value || undefined })}
        >
          <option value="">Newest first</option>
          <option value="asc">Oldest first</option>
        </select>
        {filters.tenant !== undefined && (
          <button type="button" class="chip" aria-pressed="true" onClick={() => setQuery({ tenant: undefined })}>
            Tenant {filters.tenant} ×
          </button>
        )}
        {formatFilters(filters) !== '' && (
          <a class="button plain" href={hrefs.runs}>
            Clear
          </a>
        )}
      </div>
    </div>
  );
}

interface SearchFieldProps {
  readonly name: 'q' | 'name';
  readonly label: string;
  readonly placeholder: string;
  readonly value: string | undefined;
  readonly shortcut?: string;
}

function SearchField({ name, label, placeholder, value, shortcut }: SearchFieldProps) {
  const [text, setText] = useState(value ?? '');
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // The address may change by itself: somebody went back, or cleared all filters.
  useEffect(() => {
    if (document.activeElement !== field.current || value === undefined) setText(value ?? '');
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (shortcut === undefined) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (!isShortcut(event) || event.key !== shortcut) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [shortcut]);

  const change = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ [name]: next.trim() || undefined }, { replace: true }), typingMs);
  };
  return (
    <div class="with-icon">
      <SearchIcon size={14} />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        spellcheck={false}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </div>
  );
}
