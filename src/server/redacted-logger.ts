import type { LogFields, Logger } from '../base/logger.ts';
import type { Redact } from '../operate/operator.ts';

/** What the server logs, past the same hook as what it shows. A line of which nothing may be shown is left out. */
export function redactedLogger(logger: Logger, redact: Redact | undefined): Logger {
  if (!redact) return logger;
  const hide = <T>(value: T): T | undefined => redact(value, { runId: '', workflowName: '', what: 'log' }) as T | undefined;
  const write = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    const text = hide(message);
    if (text !== undefined) logger[level](text, fields && (hide(structuredClone(fields)) ?? {}));
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
