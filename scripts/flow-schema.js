import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from './build.js';

// Writes schema/flow.schema.json from the zod schemas; a test says when it must be run again.
await build();
const { flowJsonSchema } = await import('../dist/flow/flow-json-schema.js');
const file = fileURLToPath(new URL('../schema/flow.schema.json', import.meta.url));
await mkdir(new URL('../schema/', import.meta.url), { recursive: true });
await writeFile(file, `${JSON.stringify(flowJsonSchema(), null, 2)}\n`);
await promisify(execFile)(fileURLToPath(new URL('../node_modules/.bin/oxfmt', import.meta.url)), [file]);
console.log('Wrote schema/flow.schema.json.');
