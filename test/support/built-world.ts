import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';

const dist = new URL('../../dist/index.js', import.meta.url);

/** Runs `body`, which has a `world` on this database, in a process of its own, with the built package as a user's application has it. */
export function worldProgram(body: string, { url, cwd, env = {} }: { url: string; cwd: string; env?: Record<string, string> }): Program {
  if (!existsSync(fileURLToPath(dist))) throw new Error('dist is missing: run `npm run build` first.');
  const code = `import { createWorld } from ${JSON.stringify(dist.href)};
const world = createWorld();
${body}
await world.close();`;
  return Program.node(['--input-type=module', '--eval', code], { cwd, env: { WORKFLOW_PAWL_URL: url, ...env } });
}
