import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly type: string;
  /** Its name changes with its content. */
  readonly hashed: boolean;
}

/** The only thing that its page may load is what comes from here. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Pages of the app that have an id in their path, which may have a dot. */
const namesById = /^\/(?:runs|flows|triggers)\//;

/**
 * The files of a single-page app, read once: a path that names none of them gets `index.html`, which knows what to show. Only what was
 * there at the start is ever served.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  constructor(folder: string, { basePath = '' }: { readonly basePath?: string } = {}) {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    this.#files = new Map(
      entries.map((entry) => {
        const file = join(entry.parentPath, entry.name);
        const path = `/${relative(folder, file).split(sep).join('/')}`;
        return [path, readStatic(file, path === '/index.html' ? basePath : '')];
      }),
    );
  }

  /** Undefined: this is nothing of ours. */
  answer(request: Request, path: string): Response | undefined {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    const known = this.#files.get(path);
    // A file that is missing must not be answered with a page.
    const file = known ?? (extname(path) === '' || namesById.test(path) ? this.#files.get('/index.html') : undefined);
    if (!file) return undefined;
    const headers: Record<string, string> = {
      'content-type': file.type,
      etag: file.etag,
      'cache-control': file.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(file.type.startsWith('text/html') ? { 'content-security-policy': pagePolicy } : {}),
    };
    if (request.headers.get('if-none-match') === file.etag) return new Response(null, { status: 304, headers });
    return new Response(request.method === 'HEAD' ? null : file.bytes, {
      headers: { ...headers, 'content-length': String(file.bytes.length) },
    });
  }
}

/** The page names the root of the app, from which it loads everything and where its links lead: another one if it is mounted below a path. */
function readStatic(file: string, basePath: string): StaticFile {
  const content = readFileSync(file);
  const moved = basePath === '' ? content : Buffer.from(content.toString('utf8').replace('<base href="/"', `<base href="${basePath}/"`));
  const bytes = new Uint8Array(moved);
  return {
    bytes,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    type: types[extname(file)] ?? 'application/octet-stream',
    hashed: /[.-][A-Za-z0-9_-]{8,}\.\w+$/.test(file) && file.includes(`${sep}assets${sep}`),
  };
}
