import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { findBrowser, type Machine } from './find-browser.ts';

/** A real browser without a window. Found, or installed, by the way `findBrowser` tells. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findBrowser(thisMachine());
  // Chromium refuses to run as root with its sandbox.
  return await chromium.launch({ executablePath, args: isRoot() ? ['--no-sandbox'] : [] });
}

function thisMachine(): Machine {
  return {
    platform: process.platform,
    isRoot: isRoot(),
    path: (process.env['PATH'] ?? '').split(':').filter(Boolean),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
    downloaded: chromium.executablePath(),
    playwright: fileURLToPath(new URL('../../node_modules/playwright-core/cli.js', import.meta.url)),
    run: async (command, args) => {
      const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
      try {
        const [code] = (await once(child, 'close')) as [number | null];
        return code === 0;
      } catch {
        return false;
      }
    },
  };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
