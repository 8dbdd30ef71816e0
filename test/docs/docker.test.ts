import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/connect/settings.ts';

// An image is built where there is a Docker engine, before a release (docs/release.md). Here both files are read.
const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFile(join(root, name), 'utf8');

describe('Dockerfile', async () => {
  const instructions = parseDockerfile(await read('Dockerfile'));
  const all = (keyword: string) => instructions.filter((one) => one.keyword === keyword).map(({ rest }) => rest);

  it('consists of instructions that there are', () => {
    const known = new Set([
      'FROM',
      'WORKDIR',
      'COPY',
      'RUN',
      'ENV',
      'USER',
      'VOLUME',
      'EXPOSE',
      'STOPSIGNAL',
      'HEALTHCHECK',
      'ENTRYPOINT',
      'CMD',
    ]);
    expect(instructions.map(({ keyword }) => keyword).filter((keyword) => !known.has(keyword))).toEqual([]);
    expect(instructions[0]?.keyword).toBe('FROM');
  });

  it('begins with images whose version is named, in a Node that Pawl supports', () => {
    for (const image of all('FROM')) expect(image).toMatch(/^node:(?:2[2-9])-\w+-slim(?: AS \w+)?$/);
  });

  it('does not run as root', () => {
    expect(all('USER').at(-1)).toBe('node');
  });

  it('copies only what is there', () => {
    const sources = all('COPY').filter((rest) => !rest.includes('--from='));
    const names = sources.flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    expect(names.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it('says its commands as lists, so that signals arrive', () => {
    for (const rest of [...all('ENTRYPOINT'), ...all('CMD')]) expect(JSON.parse(rest)).toEqual(expect.any(Array));
    const [, health = ''] = all('HEALTHCHECK')[0]?.split(' CMD ') ?? [];
    expect(JSON.parse(health)).toEqual(expect.any(Array));
  });

  it('sets only settings that there are', () => {
    const env = Object.fromEntries(
      all('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])),
    );
    expect(readSettings(env).url).toBe('sqlite:/data/pawl.db');
  });

  it('starts a command that the package has', async () => {
    const { bin } = JSON.parse(await read('package.json')) as { bin: { pawl: string } };
    const [node, program] = JSON.parse(all('ENTRYPOINT')[0] ?? '') as string[];
    expect([node, program]).toEqual(['node', join('node_modules', 'pawl', bin.pawl)]);
  });

  it('does not send what is built, or somebody’s database, to the engine', async () => {
    expect((await read('.dockerignore')).split('\n')).toEqual(expect.arrayContaining(['.git', '.pawl', 'dist', 'node_modules']));
  });

  it.runIf(process.env['PAWL_LONG'] && hasEngine())('is built where there is a Docker engine', { timeout: 1_200_000 }, () => {
    execFileSync('docker', ['build', '--tag', 'pawl:test', root], { stdio: 'inherit' });
    expect(execFileSync('docker', ['run', '--rm', 'pawl:test', '--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+/);
  });
});

describe('compose.yaml', async () => {
  const text = await read('compose.yaml');

  it('sets only settings that there are', () => {
    const given = text.replaceAll(/\$\{\w+[^}]*\}/g, 'x'.repeat(48));
    const env = Object.fromEntries([...given.matchAll(/^ +(WORKFLOW_\w+): (.+)$/gm)].map(([, name, value]) => [name, value]));
    expect(readSettings(env).url).toMatch(/^postgres:\/\/pawl:/);
  });

  it('has no secret in it, and starts nothing without one', () => {
    for (const [, variable] of text.matchAll(/\$\{(\w+)[^}]*\}/g)) expect(text).toContain(`\${${variable}:?`);
    expect(text).not.toMatch(/^ *\w*(?:PASSWORD|SECRET)\w*: (?!\$)/m);
  });

  it('names the version of each image, and publishes on loopback only', () => {
    for (const [, image] of text.matchAll(/image: (\S+)/g)) expect(image).toMatch(/:\d/);
    for (const [, port] of text.matchAll(/^ +- (\S+:\d+)$/gm)) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.runIf(hasCompose())('is understood by Docker Compose', () => {
    const env = { ...process.env, POSTGRES_PASSWORD: 'x', PAWL_TOKEN: 'x'.repeat(48) };
    const config = JSON.parse(
      execFileSync('docker', ['compose', '--file', join(root, 'compose.yaml'), 'config', '--format', 'json'], { env, encoding: 'utf8' }),
    ) as { services: Record<string, unknown> };
    expect(Object.keys(config.services).toSorted()).toEqual(['migrate', 'postgres', 'server', 'worker']);
  });
});

function hasCompose(): boolean {
  return works('docker', 'compose', 'version');
}

function hasEngine(): boolean {
  return works('docker', 'info');
}

function works(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function parseDockerfile(text: string): { readonly keyword: string; readonly rest: string }[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => ({ keyword: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));
}
