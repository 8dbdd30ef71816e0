import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Event, RunDetail } from '../api/types.ts';
import { formatClock, formatInstant, shortenId } from '../model/format.ts';
import { type LogOrder, type LogPages, readLog } from '../model/log-pages.ts';
import { ChevronIcon } from '../ui/icons.tsx';
import { setQuery, useLocation } from '../ui/location.ts';
import { Empty, ProblemNotice, ProblemState, Skeleton } from '../ui/states.tsx';
import { toneOf } from '../ui/status.tsx';
import { PayloadView } from '../ui/value.tsx';
import { useGrowing } from './use-growing.ts';

/** The run's log, from its first event or its last: what everything else here is computed from. */
export function EventLog({ run, version }: { readonly run: RunDetail; readonly version: number }) {
  const { search } = useLocation();
  const order = new URLSearchParams(search).get('log') === 'newest' ? 'desc' : 'asc';
  const events = useGrowing<LogPages>(`events:${run.runId}:${order}`, version, async (before, { more, signal }) => {
    return await readLog(before, { order, more }, async (cursor) => await api.events(run.runId, { cursor, order }, signal));
  });
  if (!events.data)
    return events.problem ? <ProblemState problem={events.problem} retry={events.reload} /> : <Skeleton label="Loading the events" />;
  if (events.data.events.length === 0) return <Empty title="No events yet" />;
  return (
    <section class="panel" aria-label="Event log">
      <div class="panel-head">
        <h2>Events</h2>
        <OrderSwitch order={order} />
      </div>
      {events.problem && <ProblemNotice problem={events.problem} />}
      <ol>
        {events.data.events.map((event, index) => (
          <LogRow key={event.eventId} event={event} number={order === 'asc' ? index + 1 : undefined} />
        ))}
      </ol>
      {events.data.hasMore && (
        <div class="runs-foot">
          <button type="button" class="button small" onClick={events.more}>
            {order === 'asc' ? 'Show more events' : 'Show earlier events'}
          </button>
        </div>
      )}
    </section>
  );
}

/** Which end of the log is on top; in the address, as the tab is. */
function OrderSwitch({ order }: { readonly order: LogOrder }) {
  return (
    <div class="segmented push" role="group" aria-label="Order of the events">
      <button type="button" aria-pressed={order === 'asc'} onClick={() => setQuery({ log: undefined }, { replace: true })}>
        Oldest first
      </button>
      <button type="button" aria-pressed={order === 'desc'} onClick={() => setQuery({ log: 'newest' }, { replace: true })}>
        Newest first
      </button>
    </div>
  );
}

/** The number is known where the log is read from its beginning. */
function LogRow({ event, number }: { readonly event: Event; readonly number: number | undefined }) {
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
