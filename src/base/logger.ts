export type LogFields = Readonly<Record<string, unknown>>;

/** What Pawl needs of a logger; pino and console fit. Libraries do not print: the default is silent below `warn`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One JSON line per entry on stderr: stdout belongs to the program (the official CLI prints JSON there). */
export function createStderrLogger(level: LogLevel): Logger {
  const threshold = logLevels.indexOf(level);
  const write = (at: Exclude<LogLevel, 'silent'>) => (message: string, fields?: LogFields) => {
    if (logLevels.indexOf(at) < threshold) return;
    process.stderr.write(`${JSON.stringify({ level: at, name: 'pawl', message, ...printable(fields) })}\n`);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function printable(fields: LogFields = {}): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describeError(value) : value]));
}

/** Message and cause chain of anything thrown, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (cause: ${describeError(error.cause)})`;
  return `${error.name}: ${error.message}${cause}`;
}
