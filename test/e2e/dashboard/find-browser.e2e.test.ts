import { describe, expect, it } from 'vitest';
import { findBrowser, type Machine } from '../../support/find-browser.ts';

/** A machine that has these files, and on which these commands leave behind what they say. */
function machine(files: readonly string[], { leaves = {}, ...rest }: Partial<Machine> & { leaves?: Record<string, string> } = {}) {
  const there = new Set(files);
  const commands: string[] = [];
  const described: Machine = {
    platform: 'linux',
    isRoot: false,
    path: ['/usr/local/bin', '/usr/bin'],
    isFile: (path) => there.has(path),
    downloaded: '/cache/headless_shell',
    playwright: '/playwright/cli.js',
    run: (command, args) => {
      const text = [command.split('/').at(-1), ...args].join(' ');
      commands.push(text);
      const made = Object.entries(leaves).find(([part]) => text.includes(part))?.[1];
      if (made !== undefined) there.add(made);
      return Promise.resolve(made !== undefined);
    },
    ...rest,
  };
  return { described, commands };
}

describe('the browser that the tests run in', () => {
  it.each([
    ['Chrome', '/usr/bin/google-chrome'],
    ['Chromium', '/usr/local/bin/chromium'],
    ['Edge', '/usr/bin/microsoft-edge'],
    ['what playwright has downloaded before', '/cache/headless_shell'],
  ])('is %s where it is installed', async (_, path) => {
    const { described, commands } = machine([path, '/usr/bin/apt-get'], { isRoot: true });
    expect(await findBrowser(described)).toBe(path);
    expect(commands).toEqual([]);
  });

  it('is found among the applications of a Mac', async () => {
    const chrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(await findBrowser(machine([chrome], { platform: 'darwin' }).described)).toBe(chrome);
  });

  it("is Debian's package where the user may install it, also when the lists of packages are still empty", async () => {
    const { described, commands } = machine(['/usr/bin/apt-get'], { isRoot: true, leaves: { 'apt-get install': '/usr/bin/chromium' } });
    expect(await findBrowser(described)).toBe('/usr/bin/chromium');
    expect(commands).toHaveLength(1);
    const bare = machine(['/usr/bin/apt-get'], { isRoot: true, leaves: { 'apt-get update': '/var/lib/apt/lists' } });
    await expect(findBrowser(bare.described)).rejects.toThrow(/apt-get install chromium/);
    expect(bare.commands.filter((command) => command.startsWith('apt-get install'))).toHaveLength(2);
  });

  it("is playwright's download where nothing may be installed", async () => {
    const { described, commands } = machine(['/usr/bin/apt-get'], { leaves: { 'cli.js install': '/cache/headless_shell' } });
    expect(await findBrowser(described)).toBe('/cache/headless_shell');
    expect(commands).toEqual([expect.stringContaining('/playwright/cli.js install chromium-headless-shell')]);
  });

  it('is missed with words that say what to install', async () => {
    await expect(findBrowser(machine([]).described)).rejects.toThrow(/Install Google Chrome, Chromium or Microsoft Edge/);
  });
});
