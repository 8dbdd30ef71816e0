import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds `dashboard` to static files in `outDir`.
 *
 * @param {string} outDir
 */
export async function buildDashboard(outDir) {
  // Imported late: before the installation there is nothing to build with.
  const [{ build }, { preact }] = await Promise.all([import('vite'), import('@preact/preset-vite')]);
  await build({
    root: `${root}dashboard`,
    configFile: false,
    envDir: false,
    // The server names the root in the page's `<base>`: the dashboard may be mounted below any path.
    base: './',
    logLevel: 'warn',
    plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
    build: { outDir, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: false },
  });
}
