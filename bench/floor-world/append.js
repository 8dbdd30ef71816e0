const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Appends an event to a run's log. Ids sort by place in the log and carry a time the SDK can read
 * back; an event from outside a replay gets a later millisecond than any before it, so that the
 * guard on `run_completed` is exact.
 */
export function append(state, data, { external = false } = {}) {
  const ms = Math.max(Date.now(), external ? state.lastMs + 1 : state.lastMs);
  state.lastMs = ms;
  if (external) state.markerMs = ms;
  const event = {
    ...data,
    runId: state.run.runId,
    eventId: `evnt_${encode(ms, 10)}${encode(state.events.length + 1, 16)}`,
    createdAt: new Date(ms),
  };
  state.events.push(event);
  return event;
}

function encode(value, length) {
  let text = '';
  for (let left = value; text.length < length; left = Math.floor(left / 32)) text = alphabet[left % 32] + text;
  return text;
}
