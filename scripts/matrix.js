import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const majors = process.argv.slice(2);

/** The whole of `npm test` on other versions of Node, whose binaries the npm package `node` brings: `npm run matrix -- 22 24`. */
for (const major of majors.length > 0 ? majors : ['22', '24']) {
  const node = await bringNode(major);
  console.log(`\nNode ${major}: ${node}`);
  const code = await run(node, [`${root}scripts/test.js`]);
  if (code === 0) continue;
  process.exitCode = 1;
  break;
}

async function bringNode(major) {
  if (!/^\d+$/.test(major)) throw new Error(`"${major}" is no major version of Node; say for example: npm run matrix -- 22 24`);
  const folder = `${root}.tmp/node-${major}`;
  const binary = `${folder}/node_modules/node/bin/node`;
  if (existsSync(binary)) return binary;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/package.json`, '{ "private": true }\n');
  const code = await run('npm', ['install', `node@${major}`, '--no-audit', '--no-fund', '--loglevel=error'], folder);
  if (code !== 0 || !existsSync(binary)) throw new Error(`npm cannot install node@${major}: its exit code is ${code}.`);
  return binary;
}

function run(command, args, cwd = root) {
  const child = spawn(command, args, { cwd, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
