import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { StaticFiles } from './static-files.ts';

it('serves the files of the dashboard, and its page for every other path of the app', async () => {
  const files = open();
  for (const path of [
    '/',
    '/index.html',
    '/runs',
    '/runs/wrun_1',
    '/runs/my.id',
    '/flows',
    '/flows/shop.order',
    '/triggers/at.night',
    '/system',
  ]) {
    const response = ask(files, path);
    expect(response?.headers.get('content-type'), path).toBe('text/html; charset=utf-8');
    expect(response?.headers.get('cache-control')).toBe('no-cache');
    expect(response?.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await response?.text()).toBe('<html><head><base href="/pawl/"></head></html>');
  }
  const script = ask(files, '/assets/index-BX3kQ9za.js');
  expect(script?.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

it('answers again only what has changed, and never what it does not have', () => {
  const files = open();
  const etag = String(ask(files, '/index.html')?.headers.get('etag'));
  expect(ask(files, '/index.html', { 'if-none-match': etag })?.status).toBe(304);
  expect(ask(files, '/index.html', { 'if-none-match': '"other"' })?.status).toBe(200);
  for (const path of ['/assets/gone.js', '/../secret.txt', '/assets/../../secret.txt', '/favicon.ico', '//etc/passwd.txt'])
    expect(ask(files, path), path).toBeUndefined();
  expect(files.answer(new Request('http://x/runs', { method: 'POST' }), '/runs')).toBeUndefined();
});

function ask(files: StaticFiles, path: string, headers: Record<string, string> = {}): Response | undefined {
  return files.answer(new Request('http://x/', { headers }), path);
}

function open(): StaticFiles {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'secret.txt'), 'no');
  mkdirSync(join(folder, 'app', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'app', 'index.html'), '<html><head><base href="/"></head></html>');
  writeFileSync(join(folder, 'app', 'assets', 'index-BX3kQ9za.js'), '1');
  return new StaticFiles(join(folder, 'app'), { basePath: '/pawl' });
}
