import { formatAgo, formatDuration, formatInstant } from '../model/format.ts';
import { useNow } from './use-now.ts';

/** How long ago something was, kept right; the instant itself is its title. */
export function Ago({ at }: { readonly at: string }) {
  const atMs = Date.parse(at);
  const now = useNow(10_000);
  return (
    <time dateTime={at} title={formatInstant(atMs)}>
      {formatAgo(atMs, now)}
    </time>
  );
}

export function Instant({ at }: { readonly at: string }) {
  return <time dateTime={at}>{formatInstant(Date.parse(at))}</time>;
}

/** How long a run took, or how long it has been going on, counting. */
export function Took({ from, ms }: { readonly from: string | null; readonly ms: number | null }) {
  const now = useNow(ms === null && from !== null ? 1_000 : undefined);
  if (ms !== null) return <span class="number">{formatDuration(ms)}</span>;
  if (from === null) return <span class="faint">–</span>;
  return <span class="number">{formatDuration(Math.max(0, Math.floor((now - Date.parse(from)) / 1_000) * 1_000))}</span>;
}
