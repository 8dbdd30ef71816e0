import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/duration.ts';
import type { Scope } from '../operate/caller.ts';

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > 200) throw new InvalidArgumentError('It must be a whole number from 1 to 200.');
  return limit;
}

export function parseTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('It must be a duration like 5s or 500ms.');
  return ms;
}

/** As the API takes it. */
export function parseInstant(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('It must be an instant like 2026-01-31T12:00:00Z.');
  return at.toISOString();
}
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(`It must be JSON: ${(error as Error).message}.`);
  }
}

export function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidArgumentError('It must be a JSON object.');
  return value as Record<string, unknown>;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a port: 0 to 65535, where 0 means any.');
  return port;
}

const scopes = ['read', 'act', 'admin'] satisfies Scope[];

export function parseScopes(text: string): Scope[] {
  return text.split('+').map((given) => {
    const scope = scopes.find((one) => one === given.trim());
    if (!scope) throw new InvalidArgumentError('It must be read, act or admin, or several of them joined by "+".');
    return scope;
  });
}
