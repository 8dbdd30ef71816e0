#!/usr/bin/env node
import { exitCodes } from './exit-codes.ts';
import { outliveReaders } from './outlive-readers.ts';
import { runCli } from './run-cli.ts';

// Nobody is left to answer.
outliveReaders(process.stdout, () => process.exit(exitCodes.done));
// What is only told by the way may be lost.
outliveReaders(process.stderr, () => {});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(text),
  terminal: process.stdout.isTTY && process.stderr.isTTY,
});
