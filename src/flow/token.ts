import { createHash, randomBytes } from 'node:crypto';

/** 32 random bytes, base64url: what a token is before it is handed out once (flow.md §2, tokens). */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token. */
export function hashToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('base64url')}`;
}
