/** Lets everything else that is ready run first. A loop that only awaits promises would starve a World's own work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
