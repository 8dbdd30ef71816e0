import { mkdir, writeFile } from 'node:fs/promises';
import { build } from './build.js';

// Writes schema/flow.schema.json from the zod schemas; a test says when it must be run again.
await build();
const { flowJsonSchema } = await import('../dist/flow/flow-json-schema.js');
const file = new URL('../schema/flow.schema.json', import.meta.url);
await mkdir(new URL('.', file), { recursive: true });
await writeFile(file, `${JSON.stringify(flowJsonSchema(), null, 2)}\n`);
console.log('Wrote schema/flow.schema.json.');
