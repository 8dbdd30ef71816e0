/** What the search needs to know of the machine, and may do to it. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  readonly path: readonly string[];
  readonly isFile: (path: string) => boolean;
  /** Where playwright keeps the browser it downloads, whether or not it is there. */
  readonly downloaded: string;
  /** Resolves to whether the command did it. */
  readonly run: (command: string, args: readonly string[]) => Promise<boolean>;
  readonly playwright: string;
}

const onPath = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge-stable', 'microsoft-edge'];
const inMacs = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
const aptGet = '/usr/bin/apt-get';

/**
 * Finds a browser to test with: one that is installed, else Debian's package where this user may install one, else playwright's download.
 * With none of these it throws, and says what to install.
 *
 * @returns the path of a Chrome, Chromium or Edge
 */
export async function findBrowser(machine: Machine): Promise<string> {
  const found = installed(machine);
  if (found) return found;
  if (machine.isRoot && machine.isFile(aptGet) && (await installPackage(machine))) {
    const packaged = installed(machine);
    if (packaged) return packaged;
  }
  if (
    (await machine.run(process.execPath, [machine.playwright, 'install', 'chromium-headless-shell'])) &&
    machine.isFile(machine.downloaded)
  ) {
    return machine.downloaded;
  }
  throw new Error(
    'The tests of the dashboard need a browser and found none. Install Google Chrome, Chromium or Microsoft Edge so that it is on the PATH ' +
      '(on Debian and Ubuntu: sudo apt-get install chromium), or let playwright fetch one: npx playwright-core install chromium-headless-shell.',
  );
}

function installed({ platform, path, isFile, downloaded }: Machine): string | undefined {
  const places = path.flatMap((folder) => onPath.map((name) => `${folder}/${name}`));
  return [...places, ...(platform === 'darwin' ? inMacs : []), downloaded].find(isFile);
}

async function installPackage({ run }: Machine): Promise<boolean> {
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium'];
  // A machine that has just been made knows no packages yet.
  return (await run(aptGet, install)) || ((await run(aptGet, ['update', '--quiet'])) && (await run(aptGet, install)));
}
