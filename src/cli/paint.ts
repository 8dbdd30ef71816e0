import type { Session } from './session.ts';

const codes = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90 } as const;
type Colour = keyof typeof codes;

/** What stands in a table. */
export type Cell = string | { readonly text: string; readonly colour: Colour | undefined };

const colours: Readonly<Record<string, Colour>> = {
  completed: 'green',
  ok: 'green',
  running: 'blue',
  pending: 'yellow',
  warning: 'yellow',
  failed: 'red',
  cancelled: 'grey',
  skipped: 'grey',
};

/** A status in its colour, where there are colours. */
export function statusCell(status: string, { terminal, env }: Session): Cell {
  return { text: status, colour: terminal && !env['NO_COLOR'] ? colours[status] : undefined };
}

export function paint(text: string, colour: Colour): string {
  return `\u001B[${codes[colour]}m${text}\u001B[0m`;
}
