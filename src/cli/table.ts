import { type Cell, paint } from './paint.ts';

/** Lines with a heading, each column as wide as its widest cell. */
export function renderTable(heading: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const lines = [heading, ...rows].map((line) => line.map(printable));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column]?.text ?? ''))));
  return lines
    .map((line) => line.map((cell, column) => render(cell, widths[column] ?? 0, column === line.length - 1)).join('  '))
    .join('\n');
}

function render({ text, colour }: Exclude<Cell, string>, width: number, last: boolean): string {
  const padding = last ? '' : ' '.repeat(Math.max(0, width - widthOf(text)));
  return (colour ? paint(text, colour) : text) + padding;
}

/** What stands in a database may be anybody's: nothing of it reaches the terminal as a command. */
function printable(cell: Cell): Exclude<Cell, string> {
  const { text, colour } = typeof cell === 'string' ? { text: cell, colour: undefined } : cell;
  return { text: printableText(text), colour };
}

export function printableText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

function widthOf(text: string): number {
  return Array.from(text).length;
}
