import type { Operator, RedactContext } from './operator.ts';

/** A text that stands under this name in a value, as it may be shown; `(redacted)` where nothing of it may. */
export function redactedText({ redact }: Pick<Operator, 'redact'>, name: string, text: string, context: RedactContext): string {
  if (!redact) return text;
  const shown = redact({ [name]: text }, context);
  const { [name]: left } = (typeof shown === 'object' && shown !== null ? shown : {}) as Readonly<Record<string, unknown>>;
  return typeof left === 'string' ? left : '(redacted)';
}
