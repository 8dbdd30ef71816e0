import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Program } from '../support/program.ts';
import { scratchFolder } from '../support/scratch.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('npm start delivers every order, and closes the day by a flow that calls a "use workflow" function', async () => {
  const folder = await scratchFolder();
  const orders = JSON.parse(await readFile(join(root, 'examples/orders/orders.json'), 'utf8')) as unknown[];
  await writeFile(join(folder, 'orders.json'), JSON.stringify(orders.slice(0, 2)));
  const env = { ORDERS_CALLED_FROM: folder, PORT: '0', WORKFLOW_PAWL_LEASE_MS: '1000' };
  const start = Program.node(['scripts/start.js', join(folder, 'orders.json')], { cwd: root, env });
  try {
    await start.says('Pawl is ready');
  } finally {
    const { stdout } = await start.end();
    expect(stdout).toMatch(/2 of 2 orders completed, each charged exactly once: EUR [\d.]+/);
    expect(stdout).toMatch(/closed by flow\/\/close-day@1\.0\.0.* signed by the desk/);
  }
});
