import { resolve } from 'node:path';
import { parseDuration } from '../base/duration.ts';
import { type LogLevel, logLevels } from '../base/logger.ts';
import { shownUrl } from '../base/shown-url.ts';
import type { Retention, RuntimeSettings } from '../runtime/settings.ts';
import { flowNamespace } from '../world/flow-port.ts';
import { probeNamespace } from '../world/names.ts';
import type { EndedStatus } from '../world/port.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings extends RuntimeSettings {
  readonly schema: string;
  readonly sync: 'full' | 'normal';
  readonly citus: boolean;
  readonly tokens: string | undefined;
}

const prefix = 'WORKFLOW_PAWL_';

/** The whole list (decisions D), without the prefix; anything else with our prefix is a mistake worth telling. */
export const settingNames = [
  'URL',
  'SCHEMA',
  'WORKER',
  'FLOW_CONCURRENCY',
  'STEP_CONCURRENCY',
  'LEASE_MS',
  'DELIVERY',
  'BASE_URL',
  'SECRET',
  'ENCRYPTION_KEYS',
  'TOKENS',
  'RETENTION',
  'DEPLOYMENT_ID',
  'DEPLOYMENT_POLICY',
  'SYNC',
  'CITUS',
  'LOG_LEVEL',
  'TEST_URL',
  'TEST_CITUS',
] as const;
type SettingName = (typeof settingNames)[number];

/**
 * Reads the settings from environment variables. Throws an error with code `INVALID_SETTING` that names the variable, what it must be, and
 * for an unknown one the nearest name.
 */
export function readSettings(env: Environment): Settings {
  rejectUnknown(env);
  const read = (name: SettingName) => env[prefix + name]?.trim() || undefined;
  const oneOf = <T extends string>(name: SettingName, allowed: readonly [T, ...T[]]): T => {
    const value = read(name);
    if (value === undefined) return allowed[0];
    if (!(allowed as readonly string[]).includes(value)) throw invalid(name, value, `one of ${[...new Set(allowed)].join(', ')}`);
    return value as T;
  };
  const whole = (name: SettingName, fallback: number, least: number) => {
    const value = read(name);
    if (value === undefined) return fallback;
    if (!/^\d+$/.test(value) || Number(value) < least) throw invalid(name, value, `a whole number of at least ${least}`);
    return Number(value);
  };

  return {
    url: normaliseUrl(read('URL') ?? 'sqlite:./.pawl/pawl.db'),
    schema: readSchema(read('SCHEMA') ?? 'pawl'),
    worker: oneOf('WORKER', ['on', 'off']),
    flowConcurrency: whole('FLOW_CONCURRENCY', 128, 1),
    stepConcurrency: whole('STEP_CONCURRENCY', 256, 1),
    leaseMs: whole('LEASE_MS', 10_000, 200),
    delivery: oneOf('DELIVERY', ['auto', 'inprocess', 'http']),
    ...readBaseUrl(read('BASE_URL'), env),
    secret: read('SECRET'),
    namespace: readNamespace(env['WORKFLOW_QUEUE_NAMESPACE'] ?? ''),
    deploymentId: read('DEPLOYMENT_ID') ?? 'dpl_pawl',
    deploymentPolicy: oneOf('DEPLOYMENT_POLICY', ['latest', 'pinned']),
    maxEvents: readMaxEvents(env['WORKFLOW_MAX_EVENTS']),
    encryptionKeys: readKeys(read('ENCRYPTION_KEYS')),
    // The official CLI prints JSON and nothing else then.
    logLevel: env['WORKFLOW_JSON_MODE'] === '1' ? 'silent' : oneOf<LogLevel>('LOG_LEVEL', ['warn', ...logLevels]),
    sync: oneOf('SYNC', ['full', 'normal']),
    citus: oneOf('CITUS', ['off', 'on']) === 'on',
    retention: readRetention(read('RETENTION') ?? ''),
    tokens: read('TOKENS'),
  };
}

/**
 * For a process that is to work: what it claims has to be deliverable. Throws `INVALID_SETTING` where deliveries are to go over HTTP and
 * nothing says where to.
 */
export function expectDeliverable({ worker, delivery, baseUrl }: Pick<Settings, 'worker' | 'delivery' | 'baseUrl'>): void {
  if (worker === 'off' || delivery !== 'http' || baseUrl !== undefined) return;
  throw settingError(
    `${prefix}DELIVERY is "http", and nothing says where the app's routes answer. Set ${prefix}BASE_URL (or PORT), or leave ${prefix}DELIVERY at "auto".`,
  );
}

/**
 * The form under which Worlds of one database find each other in a process: a file has its whole path, so that it stays the same one when
 * the process changes its folder. Throws `INVALID_SETTING`, without the password.
 */
export function normaliseUrl(url: string): string {
  if (/^postgres(?:ql)?:\/\//i.test(url)) return readPostgresUrl(url);
  const [, named] = /^sqlite:(?:\/\/)?(.*)$/is.exec(url) ?? [];
  const path = named ?? (hasScheme(url) ? '' : url);
  if (path === '') throw invalid('URL', shownUrl(url), '"sqlite:<file>" or "postgres://…"');
  return path === ':memory:' ? 'sqlite::memory:' : `sqlite:${resolve(path)}`;
}

/** Names of files may have a colon, too; what is followed by two slashes or looks like one of our schemes was not meant as one. */
function hasScheme(url: string): boolean {
  return /^[a-z]{2,}:/.test(url) || /^(?:[a-z][a-z0-9+.-]+:\/\/|(?:postg|sqlite)[^/\\:]*:)/i.test(url);
}

const postgresRule = 'a URL like "postgres://user:password@host:5432/database"; what is special in a password is encoded, as "%23" for "#"';
const oneHostRule = 'the URL of one host: of a name, or of a proxy, that follows the primary';

function readPostgresUrl(url: string): string {
  const [, scheme = '', hosts = ''] = /^([a-z]+):\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url) ?? [];
  if (hosts.includes(',')) throw invalid('URL', shownUrl(url), oneHostRule);
  // Without a host it is that of this machine, or of a parameter; only the driver knows that form.
  const named = url.replace('@/', '@localhost/');
  if (!URL.canParse(named)) throw invalid('URL', shownUrl(url), postgresRule);
  if (new URL(named).searchParams.get('host')?.includes(',')) throw invalid('URL', shownUrl(url), oneHostRule);
  return scheme.toLowerCase() + url.slice(scheme.length);
}

function rejectUnknown(env: Environment): void {
  const known = settingNames.map((name) => prefix + name);
  for (const name of Object.keys(env)) {
    if (!name.startsWith(prefix) || known.includes(name)) continue;
    const nearest = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0];
    throw settingError(`${name} is not a setting of Pawl. Did you mean ${nearest}? The whole list is in docs/settings.md.`);
  }
}

function readSchema(schema: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw invalid('SCHEMA', schema, 'a lower-case name of letters, digits and "_"');
  return schema;
}

// A run of code under one of them would be taken for something else.
const reservedNamespaces: readonly string[] = [flowNamespace, probeNamespace];

function readNamespace(namespace: string): string {
  // As the SDK has it; without one, messages have no prefix.
  if (!/^(?:[a-z][a-z0-9]*)?$/.test(namespace)) {
    throw settingError(`WORKFLOW_QUEUE_NAMESPACE is "${namespace}"; it must be lower-case letters and digits, a letter first.`);
  }
  if (!reservedNamespaces.includes(namespace)) return namespace;
  throw settingError(
    `WORKFLOW_QUEUE_NAMESPACE is "${namespace}", which Pawl uses itself; choose another name than ${reservedNamespaces.join(' and ')}.`,
  );
}

function readBaseUrl(own: string | undefined, env: Environment): Pick<Settings, 'baseUrl' | 'belowBasePath'> {
  // Of a platform that gives the name of a pipe instead, nothing can be said.
  const port = /^\d+$/.test(env['PORT'] ?? '') ? env['PORT'] : undefined;
  const named = own ?? (env['WORKFLOW_LOCAL_BASE_URL']?.trim() || undefined);
  if (named !== undefined && !isHttpUrl(named)) {
    const name = own === undefined ? 'WORKFLOW_LOCAL_BASE_URL' : `${prefix}BASE_URL`;
    throw settingError(`${name} is "${shownUrl(named)}"; it must be a URL like "http://localhost:3000" or "https://app.example.org/shop".`);
  }
  const url = named ?? (port ? `http://localhost:${port}` : undefined);
  return { baseUrl: url?.replace(/\/+$/, ''), belowBasePath: named === undefined };
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function readMaxEvents(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : 25_000;
}

function readKeys(text: string | undefined): string[] {
  const keys = text?.split(',').map((key) => key.trim()) ?? [];
  const tooShort = keys.some((key) => key.length < 16);
  if (tooShort) throw invalid('ENCRYPTION_KEYS', '***', 'secrets of at least 16 characters, separated by commas, newest first');
  return keys;
}

const monthMs = 30 * 86_400_000;
const retentionRule = 'a duration like 30d or 12h, "never", or such by how a run ended: "completed=7d,failed=90d,cancelled=never"';

/** A period without a name is for every ending that no other part names. */
function readRetention(text: string): Retention {
  const retention: Record<EndedStatus, number | null> = { completed: monthMs, failed: monthMs, cancelled: monthMs };
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const named = parts.map((part) => part.split('=').map((word) => word.trim())).toSorted((a, b) => a.length - b.length);
  for (const [index, words] of named.entries()) {
    const period = readPeriod(words.at(-1) ?? '');
    const ending = words.length > 1 ? words[0] : undefined;
    const known = ending === undefined ? index === 0 : words.length === 2 && Object.hasOwn(retention, ending);
    if (period === undefined || !known) throw invalid('RETENTION', text, retentionRule);
    if (ending === undefined) retention.completed = retention.failed = retention.cancelled = period;
    else retention[ending as EndedStatus] = period;
  }
  return retention;
}

function readPeriod(text: string): number | null | undefined {
  if (text === 'never') return null;
  // Whoever writes 30 means days; taken for milliseconds, it would delete everything.
  return /\d$/.test(text) ? undefined : parseDuration(text);
}

function invalid(name: SettingName, value: string, rule: string): Error {
  return settingError(`${prefix}${name} is "${value}"; it must be ${rule}.`);
}

function settingError(message: string): Error {
  return Object.assign(new Error(message), { code: 'INVALID_SETTING' });
}

/** Levenshtein, for names of this length. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
