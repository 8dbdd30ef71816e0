/**
 * Tells the end of a run by its own last word. What asks the database for it would be measured with it, so this is to the advantage of
 * whoever is measured by it.
 */
export function createRuns() {
  const open = new Map();
  let count = 0;
  return {
    async start(begin) {
      const key = `run-${(count += 1)}`;
      const ended = new Promise((resolve) => open.set(key, resolve));
      await begin(key);
      await ended;
      return key;
    },
    ended(key) {
      open.get(key)?.();
      open.delete(key);
    },
  };
}
