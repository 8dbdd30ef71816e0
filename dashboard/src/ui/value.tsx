import type { ComponentChildren } from 'preact';
import type { Payload } from '../api/types.ts';
import { formatBytes, plural } from '../model/format.ts';
import { CopyButton } from './copy-button.tsx';

/** How deep a value is laid open without a click, and how many entries of a list are shown before one is needed. */
const openDepth = 2;
const shownEntries = 100;

export function PayloadView({ title, payload }: { readonly title: string; readonly payload: Payload }) {
  return (
    <div style={{ minWidth: 0 }}>
      <div class="value-head">
        <h2 class="minor">{title}</h2>
        {payload.state === 'value' && <CopyButton text={JSON.stringify(payload.json, undefined, 2) ?? ''} what={title.toLowerCase()} />}
        {payload.state === 'value' && payload.truncated && <span class="tag">cut: too large to show whole</span>}
      </div>
      <PayloadBody payload={payload} />
    </div>
  );
}

function PayloadBody({ payload }: { readonly payload: Payload }) {
  switch (payload.state) {
    case 'none':
      return <p class="faint">None</p>;
    case 'encrypted':
      return <p class="faint">Encrypted. This server has no key for it, or may not use it.</p>;
    case 'redacted':
      return <p class="faint">Hidden by this server's redaction.</p>;
    case 'binary':
      return <p class="faint">{formatBytes(payload.bytes)} of binary data</p>;
    case 'value':
      return (
        // Scrolls by itself, so it must be within reach of the keyboard.
        <div class="value" tabIndex={0} role="group" aria-label="Value">
          <Value value={payload.json} depth={0} />
        </div>
      );
  }
}

function Value({ value, name, depth }: { readonly value: unknown; readonly name?: string; readonly depth: number }) {
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="leaf">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const entries = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) {
    return (
      <div class="leaf">
        <Name name={name} />
        {open + close}
      </div>
    );
  }
  return (
    <details open={depth < openDepth}>
      <summary>
        <Name name={name} />
        <span class="key">
          {open} {plural(entries.length, Array.isArray(value) ? 'entry' : 'field', Array.isArray(value) ? 'entries' : 'fields')} {close}
        </span>
      </summary>
      <div class="inner">
        <Entries>
          {entries.map(([key, inner]) => (
            <Value key={key} name={key} value={inner} depth={depth + 1} />
          ))}
        </Entries>
      </div>
    </details>
  );
}

function Entries({ children }: { readonly children: ComponentChildren[] }) {
  if (children.length <= shownEntries) return <>{children}</>;
  return (
    <>
      {children.slice(0, shownEntries)}
      <details>
        <summary class="key">{plural(children.length - shownEntries, 'more entry', 'more entries')}</summary>
        {children.slice(shownEntries)}
      </details>
    </>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="key">{name}: </span>;
}

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') return <span class="text">{JSON.stringify(value)}</span>;
  if (typeof value === 'number') return <span class="num">{String(value)}</span>;
  return <span class="word">{String(value)}</span>;
}
