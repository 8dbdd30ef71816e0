/** Freezes plain objects and arrays all the way down, in place. What has a class may need to change: it is left, with all it holds. */
export function freezeDeeply<T>(value: T): T {
  freeze(value, new Set());
  return value;
}

function freeze(value: unknown, met: Set<object>): void {
  if (typeof value !== 'object' || value === null || met.has(value) || !isPlain(value)) return;
  met.add(value);
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member, met);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
