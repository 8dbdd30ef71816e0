import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readLine } from './read-line.ts';

it.each([
  [['to', 'ken\nrest'], 'token'],
  [['token'], 'token'],
  [[' token \r\n'], 'token'],
  [[], ''],
])('of %j the first line is %j', async (chunks, line) => {
  expect(await readLine(Readable.from(chunks))).toBe(line);
});
