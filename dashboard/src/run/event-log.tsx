import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Event, RunDetail } from '../api/types.ts';
import { formatClock, formatInstant, shortenId } from '../model/format.ts';
import { ChevronIcon } from '../ui/icons.tsx';
import { Empty, ProblemState, Skeleton } from '../ui/states.tsx';
import { toneOf } from '../ui/status.tsx';
import { PayloadView } from '../ui/value.tsx';
import { useMany } from './use-run.ts';

/** The run's log, from its first event: what everything else here is computed from. */
export function EventLog({ run, version }: { readonly run: RunDetail; readonly version: number }) {
  const events = useMany(`events:${run.runId}`, version, async (cursor, signal) => await api.events(run.runId, cursor, signal));
  if (!events.data)
    return events.problem ? <ProblemState problem={events.problem} retry={events.reload} /> : <Skeleton label="Loading the events" />;
  if (events.data.data.length === 0) return <Empty title="No events yet" />;
  return (
    <section class="panel" aria-label="Event log">
      <ol>
        {events.data.data.map((event, index) => (
          <LogRow key={event.eventId} event={event} number={index + 1} />
        ))}
      </ol>
      {events.data.hasMore && (
        <div class="runs-foot">
          <button type="button" class="button small" onClick={events.more}>
            Show more events
          </button>
        </div>
      )}
    </section>
  );
}

function LogRow({ event, number }: { readonly event: Event; readonly number: number }) {
  const [open, setOpen] = useState(false);
  const atMs = Date.parse(event.at);
  const outcome = /(completed|failed|cancelled|retrying)$/.exec(event.eventType)?.[1] ?? '';
  const line = (
    <>
      <span class="faint number">{number}</span>
      <time class="soft number" dateTime={event.at} title={formatInstant(atMs)}>
        {formatClock(atMs)}
      </time>
      <code class={`tone-${outcome === '' ? 'plain' : toneOf(outcome)}`}>{event.eventType}</code>
      <code class="of faint cut" title={event.correlationId ?? ''}>
        {event.correlationId === null ? '' : shortenId(event.correlationId)}
      </code>
      {event.data.state !== 'none' && <ChevronIcon size={14} class="turn" />}
    </>
  );
  if (event.data.state === 'none') {
    return (
      <li class="log-row">
        <div class="log-line">{line}</div>
      </li>
    );
  }
  return (
    <li class="log-row">
      <button type="button" class="log-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        {line}
      </button>
      {open && (
        <div class="log-data">
          <PayloadView title="Data" payload={event.data} />
        </div>
      )}
    </li>
  );
}
