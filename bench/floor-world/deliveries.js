import { isTerminal } from './runs.js';

const firstBackoffMs = 200;
const longestTimerMs = 2 ** 31 - 1;

/** Calls the handlers: one flow delivery per run at a time, wake-ups coalesced, each step known once. */
export function createDeliveries({ byId }) {
  const handlers = new Map();
  const flows = new Map();
  const steps = new Set();
  const timers = new Set();
  let closed = false;
  let messages = 0;

  function queue(name, message) {
    const kind = name.includes('wkf_step_') ? 'step' : 'workflow';
    const messageId = `msg_${(messages += 1)}`;
    if (kind === 'workflow') wake(message.runId, name, message);
    else queueStep(name, message);
    return Promise.resolve({ messageId });
  }

  function wake(runId, name, message) {
    // A run that is gone has nothing to wake; one that is to come brings its input along.
    if (!message.runInput && !byId.has(runId)) return;
    const flow = flows.get(runId) ?? { running: false, pending: undefined, attempt: 1, timer: undefined };
    flows.set(runId, flow);
    const first = flow.pending === undefined;
    flow.pending = { name, message: { ...flow.pending?.message, ...message } };
    if (first && !flow.running) setImmediate(deliverFlow, runId, flow);
  }

  async function deliverFlow(runId, flow) {
    if (closed || flow.running || !flow.pending) return;
    const { name, message } = flow.pending;
    flow.pending = undefined;
    flow.running = true;
    cancel(flow.timer);
    try {
      const answer = await handlers.get('workflow')(message, {
        attempt: flow.attempt,
        queueName: name,
        messageId: `msg_${runId}`,
      });
      flow.attempt = 1;
      flow.running = false;
      if (answer?.timeoutSeconds === 0) wake(runId, name, { runId });
      else if (answer) flow.timer = later(msUntilNextWait(runId, answer), () => wake(runId, name, { runId }));
    } catch {
      flow.running = false;
      flow.attempt += 1;
      flow.pending = { name, message: { ...message, ...flow.pending?.message } };
      later(firstBackoffMs * 2 ** Math.min(flow.attempt, 10), () => deliverFlow(runId, flow));
      return;
    }
    if (flow.pending) setImmediate(deliverFlow, runId, flow);
    else if (isTerminal(byId.get(runId)?.run ?? { status: 'completed' })) flows.delete(runId);
  }

  /** A wait ends when it says, not on the next full second that the SDK asks for. */
  function msUntilNextWait(runId, { timeoutSeconds }) {
    let at = Date.now() + timeoutSeconds * 1000;
    for (const wait of byId.get(runId)?.waits.values() ?? []) {
      if (wait.status === 'waiting') at = Math.min(at, wait.resumeAt.getTime());
    }
    return Math.max(0, at - Date.now());
  }

  function queueStep(name, message) {
    const key = `${message.workflowRunId} ${message.stepId}`;
    const step = byId.get(message.workflowRunId)?.steps.get(message.stepId);
    if (steps.has(key) || step?.status === 'completed' || step?.status === 'failed') return;
    steps.add(key);
    setImmediate(deliverStep, key, name, message, 1);
  }

  async function deliverStep(key, name, message, attempt) {
    if (closed) return;
    try {
      const answer = await handlers.get('step')(message, { attempt, queueName: name, messageId: `msg_${key}` });
      if (!answer) return void steps.delete(key);
      const { retryAfter } = byId.get(message.workflowRunId)?.steps.get(message.stepId) ?? {};
      const delay = retryAfter ? retryAfter - Date.now() : answer.timeoutSeconds * 1000;
      later(Math.max(0, delay), () => deliverStep(key, name, message, 1));
    } catch {
      later(firstBackoffMs * 2 ** Math.min(attempt, 10), () => deliverStep(key, name, message, attempt + 1));
    }
  }

  function later(delayMs, action) {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        action();
      },
      Math.min(delayMs, longestTimerMs),
    );
    timers.add(timer);
    return timer;
  }

  function cancel(timer) {
    clearTimeout(timer);
    timers.delete(timer);
  }

  return {
    queue,
    createQueueHandler(prefix, handler) {
      handlers.set(prefix.includes('wkf_step_') ? 'step' : 'workflow', handler);
      return async () => Response.json({ error: 'The floor world delivers in process' }, { status: 400 });
    },
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
