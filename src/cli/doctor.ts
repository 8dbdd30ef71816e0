import { type Clock, systemClock } from '../base/clock.ts';
import { describeError } from '../base/logger.ts';
import { shownUrl } from '../base/shown-url.ts';
import { readSchemaStatus } from '../connect/schema-status.ts';
import type { Settings } from '../connect/settings.ts';
import { longestWaitMs, oldestWaitMs } from '../operate/late-work.ts';
import { getSystem } from '../operate/system.ts';
import { parseTokens } from '../server/tokens.ts';
import type { WorkerRow } from '../world/rows.ts';
import { askHealth } from './ask-health.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { formatRoughly } from '../base/duration.ts';
import { statusCell } from './paint.ts';
import { withProgress } from './progress.ts';
import { type Session, settingsOf, withOperator, withStore, withWorld } from './session.ts';
import { printableText, renderTable } from './table.ts';

export interface DoctorOptions {
  /** How long an answer to the message may take. */
  readonly timeoutMs: number;
  readonly message: boolean;
  readonly json?: boolean;
}

interface Finding {
  readonly check: 'settings' | 'database' | 'schema' | 'clock' | 'workers' | 'queue' | 'delivery' | 'workflows' | 'steps';
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly finding: string;
  /** What to do about it. */
  readonly advice?: string;
}

const largestSkewMs = 1_000;

/** Looks at everything a run needs, one after the other, and says what to do about what is not well. Changes nothing. */
export async function doctor(session: Session, options: DoctorOptions): Promise<ExitCode> {
  const findings = await withProgress(session, 'for answers', examine(session, options, systemClock));
  const healthy = findings.every(({ status }) => status !== 'failed');
  if (options.json) session.out(JSON.stringify({ healthy, findings }));
  else session.out(render(session, findings));
  return healthy ? exitCodes.done : exitCodes.no;
}

async function examine(session: Session, options: DoctorOptions, clock: Clock): Promise<Finding[]> {
  const settings = readOr(() => {
    const read = settingsOf(session);
    if (read.tokens !== undefined) parseTokens(read.tokens);
    return read;
  });
  if ('error' in settings) return [failed('settings', settings.error, 'Correct the environment; docs/settings.md has every setting.')];
  const findings: Finding[] = [ok('settings', describeSettings(settings.value))];
  const schema = await checkSchema(settings.value, clock);
  findings.push(...schema);
  // The schema is only known where there is a database, and nothing below works without it.
  if (schema.some(({ status }) => status === 'failed')) return findings;
  findings.push(...(await checkStore(session, clock)));
  findings.push(...(await checkQueue(session)), ...(await checkDelivery(session, settings.value, options.timeoutMs)));
  const workers = findings.find(({ check }) => check === 'workers');
  findings.push(...(await checkMessages(session, settings.value, { ...options, worked: workers?.status === 'ok' })));
  return findings;
}

function readOr<T>(read: () => T): { readonly value: T } | { readonly error: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function describeSettings({ url, deploymentId, deploymentPolicy, worker, delivery }: Settings): string {
  return `${shownUrl(url)}, deployment ${deploymentId} (${deploymentPolicy}), worker ${worker}, delivery ${delivery}`;
}

async function checkSchema(settings: Settings, clock: Clock): Promise<Finding[]> {
  try {
    const { version, newest, pending } = await readSchemaStatus(settings, clock);
    const reached = ok('database', 'answers');
    if (version === 0) return [reached, failed('schema', 'there is none yet', 'Run "pawl migrate", or start the app once.')];
    if (pending.length === 0) return [reached, ok('schema', `version ${version}, the newest`)];
    return [reached, failed('schema', `version ${version} of ${newest}, without ${pending.join(', ')}`, 'Run "pawl migrate".')];
  } catch (error) {
    const tooNew = (error as { code?: unknown }).code === 'SCHEMA_TOO_NEW';
    if (tooNew) return [ok('database', 'answers'), failed('schema', describeError(error), 'Upgrade Pawl here.')];
    return [
      failed('database', describeError(error), 'See that WORKFLOW_PAWL_URL is right, and that the database can be reached from here.'),
    ];
  }
}

async function checkStore(session: Session, clock: Clock): Promise<Finding[]> {
  try {
    return await withStore(session, async (store, settings) => {
      const skewMs = store.now() - clock.now();
      const workers = await store.listWorkers();
      const live = workers.filter((worker) => worker.live);
      return [
        Math.abs(skewMs) <= largestSkewMs
          ? ok('clock', `within ${largestSkewMs} ms of the database`)
          : warning(
              'clock',
              `${formatRoughly(Math.abs(skewMs))} ${skewMs > 0 ? 'behind' : 'ahead of'} the database`,
              'Timers are corrected for it; times in logs are not. Set the clock by NTP.',
            ),
        checkWorkers(live, settings),
      ];
    });
  } catch (error) {
    return [failed('database', describeError(error), 'It can be read, but not used; the message says why.')];
  }
}

function checkWorkers(live: readonly WorkerRow[], { deploymentPolicy, deploymentId: own }: Settings): Finding {
  if (live.length === 0)
    return warning('workers', 'none is alive', 'Call world.start() in a process that is to do the work, or wait for it.');
  const alive = `${live.length} alive: ${[...new Set(live.map(({ host, deploymentId }) => `${host} (${deploymentId})`))].join(', ')}`;
  if (deploymentPolicy === 'latest' || live.some(({ deploymentId }) => deploymentId === own)) return ok('workers', alive);
  const advice = 'What is started with these settings waits for a worker that has the same WORKFLOW_PAWL_DEPLOYMENT_ID.';
  return warning('workers', `${alive}, and none of build ${own}`, advice);
}

async function checkQueue(session: Session): Promise<Finding[]> {
  try {
    const system = await withOperator(session, getSystem);
    const { queue, stuckRuns } = system;
    const ready = queue.reduce((sum, each) => sum + each.ready, 0);
    const oldestMs = oldestWaitMs(system);
    const waits = `${ready} due and not taken, the oldest for ${formatRoughly(oldestMs)}`;
    if (stuckRuns.count > 0) {
      const [example] = stuckRuns.examples;
      const advice = `That should not happen. "pawl explain ${example?.runId}" says more; wake or cancel them, and report it.`;
      return [failed('queue', `${stuckRuns.count} open runs that nothing will ever wake`, advice)];
    }
    if (oldestMs <= longestWaitMs) return [ok('queue', waits)];
    return [warning('queue', waits, 'Too few workers, or none of its build, namespace or handlers: "pawl explain" one of the runs.')];
  } catch (error) {
    return [failed('queue', describeError(error), 'It could not be read; the message says why.')];
  }
}

/** Whether the app's routes answer where messages would be sent, seen from here. */
async function checkDelivery({ env }: Session, { delivery, baseUrl }: Settings, timeoutMs: number): Promise<Finding[]> {
  if (delivery === 'inprocess') return [{ check: 'delivery', status: 'skipped', finding: 'messages stay in the process of the worker' }];
  // A worker may have a PORT only so that the SDK need not look for one.
  const named = Boolean(env['WORKFLOW_PAWL_BASE_URL'] ?? env['WORKFLOW_LOCAL_BASE_URL']);
  if (delivery === 'auto' && !named) return [{ check: 'delivery', status: 'skipped', finding: 'no base URL is set' }];
  if (baseUrl === undefined) {
    return [failed('delivery', 'delivery is http, and no base URL is set', 'Set WORKFLOW_PAWL_BASE_URL to where the app answers.')];
  }
  const url = `${baseUrl}/.well-known/workflow/v1/flow?__health`;
  const advice = 'See that the app runs there, serves the routes, and that WORKFLOW_PAWL_BASE_URL (or PORT) is its address from here, too.';
  const say = delivery === 'http' ? failed : warning;
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return [
      status === 200
        ? ok('delivery', `the routes answer at ${shownUrl(baseUrl)}`)
        : say('delivery', `${shownUrl(url)} answers ${status}`, advice),
    ];
  } catch (error) {
    return [say('delivery', `${shownUrl(baseUrl)} does not answer: ${shownUrl(describeError((error as Error).cause ?? error))}`, advice)];
  }
}

async function checkMessages(
  session: Session,
  settings: Settings,
  { message, timeoutMs, worked }: DoctorOptions & { readonly worked: boolean },
): Promise<Finding[]> {
  const kinds = [
    ['workflow', 'workflows'],
    ['step', 'steps'],
  ] as const;
  const why = message ? (worked ? undefined : 'nobody is there to answer a message') : 'not asked for';
  if (why) return kinds.map(([, check]) => ({ check, status: 'skipped', finding: why }));
  const ask = async ([kind, check]: (typeof kinds)[number]): Promise<Finding> => {
    try {
      const tookMs = await withWorld(session, (world) => askHealth(world, { kind, settings, timeoutMs, clock: systemClock }));
      if (tookMs !== undefined) return ok(check, `a message through the queue was answered within ${tookMs} ms`);
      const advice = `The worker has no handler for ${check}, is of another build, or cannot reach the app at WORKFLOW_PAWL_BASE_URL: see its log. A worker for flows only answers none; then use --no-message.`;
      return failed(check, `a message through the queue was not answered within ${timeoutMs} ms`, advice);
    } catch (error) {
      return failed(check, describeError(error), 'The message could not be queued, or its answer not read; the message says why.');
    }
  };
  // One after the other: a World that is closed takes what others of its database have open along.
  const findings: Finding[] = [];
  for (const kind of kinds) findings.push(await ask(kind));
  return findings;
}

function render(session: Session, findings: readonly Finding[]): string {
  const table = renderTable(
    ['CHECK', 'STATUS', 'FINDING'],
    findings.map(({ check, status, finding }) => [check, statusCell(status, session), finding]),
  );
  const advice = findings.flatMap(({ check, advice: text }) => (text ? [`${check}: ${printableText(text)}`] : []));
  return [table, ...advice].join('\n\n');
}

function ok(check: Finding['check'], finding: string): Finding {
  return { check, status: 'ok', finding };
}

function warning(check: Finding['check'], finding: string, advice: string): Finding {
  return { check, status: 'warning', finding, advice };
}

function failed(check: Finding['check'], finding: string, advice: string): Finding {
  return { check, status: 'failed', finding, advice };
}
