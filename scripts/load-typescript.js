// `node --import ./scripts/load-typescript.js x.ts` runs the TypeScript of this repository as it is. Newer Nodes do that by themselves.
import { register } from 'node:module';

if (!process.features.typescript) register(new URL('typescript-hooks.js', import.meta.url));
