/**
 * Tells of a run by its own words: that it comes to rest, and that it ends. What asks the database for it would be measured with it, so this
 * is to the advantage of whoever is measured by it.
 */
export function createRuns() {
  const open = new Map();
  let count = 0;

  /** Begins one; `resting` and `ended` are to be awaited apart. */
  async function start(begin) {
    const key = `run-${(count += 1)}`;
    const told = {};
    const resting = new Promise((resolve) => (told.resting = resolve));
    const ended = new Promise((resolve) => (told.ended = resolve));
    open.set(key, told);
    await begin(key);
    return { key, resting, ended };
  }

  return {
    start,
    async run(begin) {
      const { key, ended } = await start(begin);
      await ended;
      return key;
    },
    rests(key) {
      open.get(key)?.resting();
    },
    ends(key) {
      open.get(key)?.ended();
      open.delete(key);
    },
  };
}
