import { WorkflowWorldError } from '@workflow/errors';
import { badRequest, unavailable } from '../world/errors.ts';

/** Which database, for messages: never with its password. */
export interface DatabaseName {
  readonly user: string;
  /** `host:port/database` */
  readonly where: string;
  readonly schema: string;
}

/** Nothing is wrong with the statement: the connection is gone, could not be made, or leads to the wrong server, and another one may do. */
export function isConnectionLoss(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (isReadOnly(error) || isTlsRefusal(error)) return true;
  if (typeof code === 'string' && (socketCodes.has(code) || sessionCodes.has(code) || /^(08|ERR_(SSL|TLS|STREAM|SOCKET)_)/.test(code)))
    return true;
  return (
    code === undefined &&
    typeof message === 'string' &&
    /connection terminated|connection error|not queryable|timeout exceeded|read timeout|establishing an SSL connection/i.test(message)
  );
}

/** The server only reads: after a fail-over it may be another one's standby, and the name of the database may lead elsewhere by now. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === '25006';
}

/** No TLS came about that could be trusted. Of a database that was reached before it is a loss; of any other, a mistake in the settings. */
export function isTlsRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? tlsRefusals.test(code) : message === noTls;
}

/** Rolled back by the server through no fault of the statement: the same once more may succeed. */
export function isRolledBack(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40P01' || code === '40001';
}

/** A pooler gave the connection to a server process that never saw the named statement, or saw another one; nothing was executed. */
export function isStatementMissing(error: unknown): boolean {
  const code = sqlState(error);
  return code === '26000' || code === '42P05' || (code === '0A000' && /cached plan/.test((error as Error).message));
}

export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Says of an error of the server what happened, to what, and what to do; a defect of ours stays what it is. */
export function toWorldError(error: unknown, database: DatabaseName): unknown {
  if (WorkflowWorldError.is(error)) return error;
  const { user, where, schema } = database;
  const detail = String((error as Error | null)?.message ?? error);
  switch (sqlState(error) ?? '') {
    case '28P01':
      return refused(
        'DATABASE_PASSWORD',
        `PostgreSQL at ${where} refuses the password of user "${user}": correct it in WORKFLOW_PAWL_URL.`,
        error,
      );
    case '28000':
      return refused(
        'DATABASE_LOGIN',
        `PostgreSQL at ${where} does not let user "${user}" in (${detail}): allow it in pg_hba.conf, or name another user in WORKFLOW_PAWL_URL.`,
        error,
      );
    case '3D000':
      return refused(
        'DATABASE_UNKNOWN',
        `PostgreSQL at ${where} has no such database: create it, or name another one in WORKFLOW_PAWL_URL.`,
        error,
      );
    case '42501':
      return refused(
        'DATABASE_RIGHTS',
        `User "${user}" lacks rights at ${where} (${detail}): it needs to read and write the tables of schema "${schema}" and to run its functions, and to migrate also to create the schema.`,
        error,
      );
    case '25006':
      return notNow(
        'DATABASE_READ_ONLY',
        `PostgreSQL at ${where} is read-only for user "${user}" (a standby, or default_transaction_read_only): connect to the primary, as a user who may write.`,
        error,
      );
    case '42P01':
    case '42883':
    case '3F000':
      return refused(
        'SCHEMA_INCOMPLETE',
        `Schema "${schema}" at ${where} is not what this version of Pawl migrated (${detail}): restore it, or migrate an empty one.`,
        error,
      );
    case '57014':
      return notNow(
        'DATABASE_TIMEOUT',
        `PostgreSQL at ${where} cancelled a statement (${detail}): raise statement_timeout for user "${user}", or find out what keeps the server so busy.`,
        error,
      );
    case '55P03':
      return notNow(
        'DATABASE_TIMEOUT',
        `A row in schema "${schema}" at ${where} stayed locked by another session (${detail}): look for it in pg_stat_activity and end it.`,
        error,
      );
    case '53100':
      return unavailable(`The disk of PostgreSQL at ${where} is full.`, error);
    case '53300':
      return unavailable(`PostgreSQL at ${where} has no connection left: raise max_connections, or use fewer processes.`, error);
    case '22021':
    case '22P05':
      return badRequest('A text contains a NUL character or is not valid Unicode; it cannot be stored.', error);
    case '54000':
      return badRequest(`An id or name is too long to be a key (${detail}).`, error);
    default:
      break;
  }
  // Out of memory or of a limit; trouble of its machine.
  if (/^5[38]/.test(sqlState(error) ?? '')) return unavailable(`PostgreSQL at ${where} cannot go on (${detail}): its log says why.`, error);
  if (isConnectionLoss(error) || isRolledBack(error))
    return unavailable(`PostgreSQL at ${where} cannot be reached: ${describe(error)}.`, error);
  return error;
}

/** The same of a database that was never reached: TLS that does not come about is a mistake then, and not tried again. */
export function toOpenError(error: unknown, database: DatabaseName): unknown {
  if (!isTlsRefusal(error)) return toWorldError(error, database);
  const { message } = error as Error;
  const remedy =
    message === noTls
      ? 'set "ssl = on" in the server, or leave sslmode out of WORKFLOW_PAWL_URL'
      : 'its certificate must name the host of WORKFLOW_PAWL_URL and come from an authority that is known here or is in the file of sslrootcert; one that it wants of its clients is in those of sslcert and sslkey';
  return refused('DATABASE_TLS', `There is no TLS to PostgreSQL at ${database.where} (${message}): ${remedy}.`, error);
}

/** Of a URL, shown without its password, that the driver refuses before it connects to anything. */
export function unusableUrl(url: string, cause: unknown): WorkflowWorldError {
  const { message, syscall } = cause as Error & { readonly syscall?: string };
  if (syscall === undefined)
    return refused('INVALID_SETTING', `WORKFLOW_PAWL_URL is "${url}", which cannot be used: ${message.replace(/\.$/, '')}.`, cause);
  return refused(
    'DATABASE_TLS',
    `There is no TLS to PostgreSQL by WORKFLOW_PAWL_URL, "${url}": sslrootcert, sslcert and sslkey must be files that can be read here (${message}).`,
    cause,
  );
}

/** The commit was sent and no answer came. */
export function answerLost({ where }: DatabaseName, committed: 'was' | 'may have been', cause: unknown): WorkflowWorldError {
  return unavailable(
    `The connection to PostgreSQL at ${where} broke before a commit was answered; it ${committed} committed. Read before you repeat.`,
    cause,
  );
}

export function unsupportedVersion({ where }: DatabaseName, version: number): WorkflowWorldError {
  return refused(
    'DATABASE_VERSION',
    `PostgreSQL at ${where} has version ${Math.floor(version / 10_000)}; Pawl needs 13 or newer. Upgrade the server, or use another one.`,
  );
}

export function citusMissing({ where }: DatabaseName): WorkflowWorldError {
  return refused(
    'CITUS_MISSING',
    `WORKFLOW_PAWL_CITUS is on, and the database ${where} has no extension "citus": install it on every node and run \`create extension citus\`, or leave the setting out.`,
  );
}

/** Trying again does not help before somebody has changed something. */
function refused(code: string, message: string, cause?: unknown): WorkflowWorldError {
  return new WorkflowWorldError(message, { status: 500, code, ...(cause === undefined ? {} : { cause }) });
}

function notNow(code: string, message: string, cause: unknown): WorkflowWorldError {
  return new WorkflowWorldError(message, { status: 503, code, cause });
}

function describe(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: readonly Error[] };
  return message || errors?.map((each) => each.message).join('; ') || String(error);
}

// A certificate that is not trusted, a file that is none, no version in common; not what breaks a connection in its midst.
const tlsRefusals =
  /CERT|CRL_|^UNABLE_TO_|UNKNOWN_CA|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE|^ERR_OSSL_|^(?:INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED)$/;
// The driver has no code for it.
const noTls = 'The server does not support SSL connections';
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ECONNABORTED',
  'EPROTO',
]);
// Ended by an administrator, a crash of another session, starting up or shutting down, no connection left.
const sessionCodes = new Set(['57P01', '57P02', '57P03', '57P05', '53300']);
