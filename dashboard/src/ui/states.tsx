import type { ComponentChildren } from 'preact';
import type { Many } from '../api/load-pages.ts';
import type { Problem } from '../api/problem.ts';
import { formatCount } from '../model/format.ts';
import { EmptyIcon, RetryIcon, WarnIcon } from './icons.tsx';

export interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly icon?: ComponentChildren;
  /** It is the whole page, so its title is the page's. */
  readonly whole?: boolean;
}

export interface ProblemStateProps {
  readonly problem: Problem;
  readonly retry?: () => void;
  readonly title?: string;
  readonly whole?: boolean;
}

export interface UnshownProps {
  readonly many: Many<unknown>;
  /** How many there are, where that is known. */
  readonly of?: number;
  readonly what?: string;
  /** Which end of the list is shown. */
  readonly end?: 'first' | 'newest';
}

/** Nothing to show, and what to do about it. */
export function Empty({ title, children, icon, whole = false }: EmptyProps) {
  const Heading = whole ? 'h1' : 'h2';
  return (
    <div class="centre">
      <span class="mark">{icon ?? <EmptyIcon size={22} />}</span>
      <Heading class="state-title">{title}</Heading>
      {children}
    </div>
  );
}

/** What went wrong, in the server's words with its code, and a way to try again. */
export function ProblemState({ problem, retry, title, whole = false }: ProblemStateProps) {
  const Heading = whole ? 'h1' : 'h2';
  return (
    <div class="centre" role="alert">
      <span class="mark bad">
        <WarnIcon size={22} />
      </span>
      <Heading class="state-title">{title ?? (problem.status === 404 ? 'Not found' : 'That did not work')}</Heading>
      <p>{problem.message}</p>
      <p class="faint">
        <code>{problem.code}</code>
      </p>
      {retry && (
        <div class="actions">
          <button type="button" class="button" onClick={retry}>
            <RetryIcon /> Try again
          </button>
        </div>
      )}
    </div>
  );
}

/** A problem beside what is there already. */
export function ProblemNotice({ problem }: { readonly problem: Problem }) {
  return (
    <div class="notice bad" role="alert">
      <WarnIcon />
      <div class="notice-body">
        {problem.message} <code class="faint">{problem.code}</code>
      </div>
    </div>
  );
}

/** That a list has more than is shown; nothing where all of it is there. */
export function Unshown({ many: { data, hasMore }, of, what = '', end = 'first' }: UnshownProps) {
  if (!hasMore) return null;
  const parts = [`Only the ${end}`, formatCount(data.length), of === undefined ? '' : `of ${formatCount(of)}`, what, 'are shown'];
  return <div class="runs-foot">{parts.filter(Boolean).join(' ')}</div>;
}

/** The shape of a list that is on its way. */
export function Skeleton({ rows = 8, label }: { readonly rows?: number; readonly label: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} style={{ padding: '14px 16px', opacity: 1 - row / rows }}>
          <div class="skeleton" style={{ height: '16px', width: `${92 - ((row * 37) % 41)}%` }} />
        </div>
      ))}
    </div>
  );
}
