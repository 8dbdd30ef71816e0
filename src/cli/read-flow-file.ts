import { readFile } from 'node:fs/promises';
import { CliError, exitCodes } from './exit-codes.ts';

/** What a file of JSON holds; the error names the file and the place. */
export async function readFlowFile(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError('UNREADABLE_FILE', exitCodes.usage, `${file} cannot be read: ${(error as Error).message}.`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CliError('UNREADABLE_FILE', exitCodes.usage, `${file} is not JSON: ${(error as Error).message}.`);
  }
}
