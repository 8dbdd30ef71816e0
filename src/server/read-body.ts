import { readBytes as readAtMost } from '../base/read-bytes.ts';
import { HttpError } from './problem.ts';

const deepest = 100;

/** The bytes of a request, at most so many; throws PAYLOAD_TOO_LARGE without reading on. */
export async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const bytes = await readAtMost(request, most).catch(() => {
    throw new HttpError(400, 'INVALID_INPUT', 'The body ended before it was complete.');
  });
  if (!bytes) throw new HttpError(413, 'PAYLOAD_TOO_LARGE', `The body is larger than ${most} bytes.`);
  return bytes;
}

/** The JSON of a request; nothing where there is no body. Throws UNSUPPORTED_MEDIA_TYPE, INVALID_JSON or what `readBytes` throws. */
export async function readJson(request: Request, most: number): Promise<unknown> {
  const bytes = await readBytes(request, most);
  if (bytes.byteLength === 0) return undefined;
  // Also what keeps forms of other sites out: they cannot send this type without being asked.
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !/^application\/[\w.+-]+\+json$/.test(type)) {
    throw new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON: send it as content-type application/json.');
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, 'INVALID_JSON', 'The body is not JSON in UTF-8.');
  }
  if (isDeeper(value)) throw new HttpError(400, 'INVALID_JSON', `The body is nested deeper than ${deepest} levels.`);
  return value;
}

/** Level by level, so that no depth exhausts the stack. */
function isDeeper(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}
