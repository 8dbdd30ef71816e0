import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { Program } from '../support/program.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The package as it would be published, as a file in `folder`. */
export async function packPackage(folder: string): Promise<string> {
  const packed = await new Program('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], {
    cwd: repository,
  }).ended();
  expect(packed, packed.stderr).toMatchObject({ code: 0 });
  return join(folder, String(packed.stdout.trim().split('\n').at(-1)));
}

/** How this machine reaches the network, and its package registry. */
export function networkEnvironment(): Record<string, string> {
  const isOfTheNetwork = ([name, value]: [string, string | undefined]) =>
    value !== undefined && /^(?:https?_proxy|no_proxy|npm_config_\w+|node_extra_ca_certs|ssl_cert_\w+)$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(isOfTheNetwork)) as Record<string, string>;
}
