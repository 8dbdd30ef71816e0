import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normaliseUrl, readSettings, settingNames } from './settings.ts';

const day = 86_400_000;
const invalid = (message: RegExp) => expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringMatching(message) });
const read = (name: string, value: string) => readSettings({ [`WORKFLOW_PAWL_${name}`]: value });

describe('settings', () => {
  it('all have a default', () => {
    expect(readSettings({})).toEqual({
      url: `sqlite:${resolve('.pawl/pawl.db')}`,
      schema: 'pawl',
      worker: 'on',
      flowConcurrency: 128,
      stepConcurrency: 256,
      leaseMs: 10_000,
      delivery: 'auto',
      baseUrl: undefined,
      belowBasePath: true,
      secret: undefined,
      namespace: '',
      deploymentId: 'dpl_pawl',
      deploymentPolicy: 'latest',
      maxEvents: 25_000,
      encryptionKeys: [],
      logLevel: 'warn',
      sync: 'full',
      citus: false,
      retention: { completed: 30 * day, failed: 30 * day, cancelled: 30 * day },
      tokens: undefined,
    });
  });

  it.each(settingNames)('%s is its default where it is empty or blank', (name) => {
    for (const value of ['', '  ']) expect(read(name, value)).toEqual(readSettings({}));
  });

  it.each([
    ['URL', ' sqlite:/a.db ', { url: 'sqlite:/a.db' }],
    ['SCHEMA', 'pawl_2', { schema: 'pawl_2' }],
    ['WORKER', 'off', { worker: 'off' }],
    ['FLOW_CONCURRENCY', '1', { flowConcurrency: 1 }],
    ['STEP_CONCURRENCY', '1000', { stepConcurrency: 1_000 }],
    ['LEASE_MS', '200', { leaseMs: 200 }],
    ['DELIVERY', 'http', { delivery: 'http' }],
    ['BASE_URL', 'https://app.example.com/base//', { baseUrl: 'https://app.example.com/base', belowBasePath: false }],
    ['SECRET', 's', { secret: 's' }],
    ['ENCRYPTION_KEYS', 'a secret of 16 ch, another of 16 chars', { encryptionKeys: ['a secret of 16 ch', 'another of 16 chars'] }],
    ['TOKENS', 'ci:read:secret', { tokens: 'ci:read:secret' }],
    ['DEPLOYMENT_ID', 'dpl_9', { deploymentId: 'dpl_9' }],
    ['DEPLOYMENT_POLICY', 'pinned', { deploymentPolicy: 'pinned' }],
    ['SYNC', 'normal', { sync: 'normal' }],
    ['CITUS', 'on', { citus: true }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
    ['TEST_URL', 'postgres://localhost/test', {}],
    ['TEST_CITUS', 'on', {}],
  ])('reads %s=%s', (name, value, expected) => {
    expect(read(name, value)).toEqual({ ...readSettings({}), ...expected });
  });

  it.each([
    ['12h', { completed: day / 2, failed: day / 2, cancelled: day / 2 }],
    ['never', { completed: null, failed: null, cancelled: null }],
    ['completed=7d,failed=90d,cancelled=never', { completed: 7 * day, failed: 90 * day, cancelled: null }],
    ['failed=never, 1d', { completed: day, failed: null, cancelled: day }],
    ['completed=1d', { completed: day, failed: 30 * day, cancelled: 30 * day }],
  ])('reads RETENTION=%s', (value, retention) => {
    expect(read('RETENTION', value).retention).toEqual(retention);
  });

  it.each([
    ['URL', 'mysql://root:secret@db/x', /WORKFLOW_PAWL_URL is "mysql:\/\/root:\*\*\*@db\/x"; it must be "sqlite:<file>" or "postgres:/],
    ['URL', 'sqlite:', /sqlite:<file>/],
    ['URL', 'sqlite://', /sqlite:<file>/],
    ['URL', 'file:./x.db', /sqlite:<file>/],
    ['URL', 'sqlite3:./x.db', /sqlite:<file>/],
    ['URL', 'SQLite+file:./x.db', /sqlite:<file>/],
    ['URL', 'postgres:db/x', /sqlite:<file>/],
    ['URL', 'Postgre:db/x', /sqlite:<file>/],
    ['URL', 'postgres+ssl://a', /sqlite:<file>/],
    ['URL', 'S3://bucket/x.db', /sqlite:<file>/],
    ['URL', 'postgresql+asyncpg://app:secret@db/x', /is "postgresql\+asyncpg:\/\/app:\*\*\*@db\/x"; it must be "sqlite:<file>" or/],
    ['URL', 'postgres://u:sec#ret@db/x', /is "postgres:\/\/u:\*\*\*@db\/x"; it must be a URL like .*"%23" for "#"/],
    ['URL', 'postgres://u:sec', /is "postgres:\/\/u:\*\*\*"; it must be a URL like/],
    [
      'URL',
      'postgres://u:p@h1:5432,h2:5432/x',
      /"postgres:\/\/u:\*\*\*@h1:5432,h2:5432\/x"; it must be the URL of one host.*follows the primary/,
    ],
    ['URL', 'postgres://u:p@h1,h2/x?target_session_attrs=read-write', /of one host/],
    ['URL', 'postgres:///x?host=h1,h2', /of one host/],
    ['SCHEMA', 'Pawl', /lower-case/],
    ['SCHEMA', 'a"; drop schema b', /lower-case/],
    ['WORKER', 'yes', /WORKFLOW_PAWL_WORKER is "yes"; it must be one of on, off/],
    ['FLOW_CONCURRENCY', '0', /a whole number of at least 1/],
    ['STEP_CONCURRENCY', '1.5', /a whole number of at least 1/],
    ['LEASE_MS', '199', /at least 200/],
    ['LEASE_MS', '10s', /a whole number/],
    ['DELIVERY', 'queue', /one of auto, inprocess, http/],
    ['ENCRYPTION_KEYS', 'too short', /is "\*\*\*"; it must be secrets of at least 16 characters/],
    ['ENCRYPTION_KEYS', 'long enough for a key,', /16 characters/],
    ['RETENTION', 'a month', /30d or 12h, "never"/],
    ['RETENTION', '30', /WORKFLOW_PAWL_RETENTION is "30"; it must be a duration like 30d or 12h/],
    ['RETENTION', 'completed=7,failed=90d', /30d or 12h/],
    ['RETENTION', '1d,2d', /30d or 12h/],
    ['RETENTION', 'running=1d', /30d or 12h/],
    ['RETENTION', 'completed=1d=2d', /30d or 12h/],
    ['RETENTION', 'toString=1d', /30d or 12h/],
    ['DEPLOYMENT_POLICY', 'newest', /one of latest, pinned/],
    ['SYNC', 'off', /one of full, normal/],
    ['CITUS', 'true', /one of off, on/],
    ['LOG_LEVEL', 'verbose', /one of warn, debug, info, error, silent\.$/],
    ['BASE_URL', 'nonsense', /a URL like "http:\/\/localhost:3000"/],
    ['BASE_URL', 'localhost:3000', /a URL like "http:\/\/localhost:3000"/],
  ])('refuses %s=%s, and says what it must be', (name, value, message) => {
    expect(() => read(name, value)).toThrow(invalid(message));
  });

  it.each([
    ['WORKFLOW_PAWL_LEASEMS', 'WORKFLOW_PAWL_LEASE_MS'],
    ['WORKFLOW_PAWL_DATABASE_URL', 'WORKFLOW_PAWL_BASE_URL'],
    ['WORKFLOW_PAWL_ENCRYPTION_KEY', 'WORKFLOW_PAWL_ENCRYPTION_KEYS'],
    ['WORKFLOW_PAWL_LOGLEVEL', 'WORKFLOW_PAWL_LOG_LEVEL'],
    ['WORKFLOW_PAWL_url', 'WORKFLOW_PAWL_URL'],
  ])('%s is none, and the error names %s', (name, nearest) => {
    expect(() => readSettings({ [name]: 'x' })).toThrow(
      invalid(new RegExp(`^${name} is not a setting of Pawl. Did you mean ${nearest}\\?`)),
    );
  });

  it('of others are none of our business', () => {
    expect(readSettings({ WORKFLOW_PAWLS: 'x', PAWL_URL: 'x', HOME: '/' })).toEqual(readSettings({}));
  });
});

describe('settings of the SDK', () => {
  it('choose the base URL where ours does not', () => {
    const port = { PORT: '3000' };
    const local = { ...port, WORKFLOW_LOCAL_BASE_URL: 'http://local:4000/' };
    const own = { ...local, WORKFLOW_PAWL_BASE_URL: 'http://own:5000' };
    expect([port, local, own].map((env) => readSettings(env).baseUrl)).toEqual([
      'http://localhost:3000',
      'http://local:4000',
      'http://own:5000',
    ]);
    expect(readSettings({ PORT: '' }).baseUrl).toBeUndefined();
    expect(readSettings({ PORT: '\\\\.\\pipe\\app', WORKFLOW_LOCAL_BASE_URL: '' }).baseUrl).toBeUndefined();
  });

  it.each([
    ['WORKFLOW_LOCAL_BASE_URL', 'localhost:3000', /^WORKFLOW_LOCAL_BASE_URL is "localhost:3000"; it must be a URL/],
    ['WORKFLOW_QUEUE_NAMESPACE', 'Shop-1', /^WORKFLOW_QUEUE_NAMESPACE is "Shop-1"; it must be lower-case letters and digits/],
    ['WORKFLOW_QUEUE_NAMESPACE', '1shop', /a letter first/],
  ])('%s=%s is refused', (name, value, message) => {
    expect(() => readSettings({ [name]: value })).toThrow(invalid(message));
  });

  it.each([
    ['1', 1],
    ['100000', 100_000],
    ['0', 25_000],
    ['-1', 25_000],
    ['many', 25_000],
    ['', 25_000],
  ])('set the most events of a run: %j is %i', (value, maxEvents) => {
    expect(readSettings({ WORKFLOW_MAX_EVENTS: value }).maxEvents).toBe(maxEvents);
  });

  it('name the namespace, and silence the log while the command line prints JSON', () => {
    expect(readSettings({ WORKFLOW_QUEUE_NAMESPACE: 'shop' }).namespace).toBe('shop');
    for (const name of ['flow', 'pawlprobe']) {
      const taken = invalid(/WORKFLOW_QUEUE_NAMESPACE is "\w+", which Pawl uses itself/);
      expect(() => readSettings({ WORKFLOW_QUEUE_NAMESPACE: name })).toThrow(taken);
    }
    expect(readSettings({ WORKFLOW_JSON_MODE: '1', WORKFLOW_PAWL_LOG_LEVEL: 'debug' }).logLevel).toBe('silent');
    expect(readSettings({ WORKFLOW_JSON_MODE: '0' }).logLevel).toBe('warn');
  });
});

describe('a URL', () => {
  it.each([
    ['sqlite:./a.db', `sqlite:${resolve('a.db')}`],
    ['SQLite:./a.db', `sqlite:${resolve('a.db')}`],
    ['sqlite:/data/a.db', 'sqlite:/data/a.db'],
    ['sqlite:///data/a.db', 'sqlite:/data/a.db'],
    ['sqlite::memory:', 'sqlite::memory:'],
    ['./a.db', `sqlite:${resolve('a.db')}`],
    ['/data/a.db', 'sqlite:/data/a.db'],
    ['./of:12:30.db', `sqlite:${resolve('of:12:30.db')}`],
    ['backup-12:30.db', `sqlite:${resolve('backup-12:30.db')}`],
    ['sqlite:postgres://x', `sqlite:${resolve('postgres://x')}`],
    ['C:\\data\\a.db', `sqlite:${resolve('C:\\data\\a.db')}`],
    ['c:/data/a.db', `sqlite:${resolve('c:/data/a.db')}`],
    ['postgres://u:p@db/x?sslmode=require', 'postgres://u:p@db/x?sslmode=require'],
    ['postgresql://db/x', 'postgresql://db/x'],
    ['POSTGRES://App@Db/X', 'postgres://App@Db/X'],
    ['postgres://u:a,b@db/x', 'postgres://u:a,b@db/x'],
    ['postgres://u:p@/x', 'postgres://u:p@/x'],
    ['postgres:///x?host=/var/run/postgresql', 'postgres:///x?host=/var/run/postgresql'],
    ['postgres://u@%2Frun%2Fpostgresql/x', 'postgres://u@%2Frun%2Fpostgresql/x'],
  ])('%s means %s', (url, normal) => {
    expect(normaliseUrl(url)).toBe(normal);
  });
});
