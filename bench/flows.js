/** A contestant of the flow metrics, opened, with the instants at which the steps of each run began. */
export async function openFlows({ contestant }) {
  const { open } = await import(new URL(contestant, import.meta.url));
  let begins = new Map();
  const opened = await open({
    onStep(key) {
      const instants = begins.get(key);
      if (instants) instants.push(performance.now());
      else begins.set(key, [performance.now()]);
    },
  });
  return {
    ...opened,
    /** The milliseconds from the call that makes an execution to the begin of its first step. */
    async timeToFirstStep() {
      begins = new Map();
      const startedAt = performance.now();
      const key = await opened.run(1);
      return begins.get(key)[0] - startedAt;
    },
    /** The milliseconds from each step's begin to the next one's, of one run. */
    async gaps(steps) {
      begins = new Map();
      const key = await opened.run(steps);
      const instants = begins.get(key);
      if (instants?.length !== steps) throw new Error(`${instants?.length ?? 0} steps began instead of ${steps}`);
      return instants.slice(1).map((at, index) => at - instants[index]);
    },
  };
}
