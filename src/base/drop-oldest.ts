/** Keeps a map, in which the newest entry is always put last, from growing beyond `most`. To be called after each entry that is added. */
export function dropOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size <= most) return;
  for (const oldest of map.keys()) return void map.delete(oldest);
}
