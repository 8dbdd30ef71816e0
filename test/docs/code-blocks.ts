import { readFile } from 'node:fs/promises';

const repository = new URL('../../', import.meta.url);

export interface CodeBlock {
  /** What stands behind the three ticks: the language, and `needs=…` where the block cannot run without a service. */
  readonly info: string;
  readonly text: string;
  /** The file that the block says it is: in its first line, or as `file=…` where the language has no comments. */
  readonly file: string | undefined;
}

/** The code blocks of a page of the documentation, in order. */
export async function readCodeBlocks(page: string): Promise<CodeBlock[]> {
  const text = await readFile(new URL(page, repository), 'utf8');
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, info = '', code = '']) => ({
    info: info.trim(),
    text: code,
    file: (/^\/\/ (\S+\.(?:ts|js|mjs))\n/.exec(code) ?? /\bfile=(\S+)/.exec(info))?.[1],
  }));
}
