/** A contestant of the flow metrics, opened, with the instants at which the steps of a run began where somebody asks for them. */
export async function openFlows({ contestant }) {
  const { open } = await import(new URL(contestant, import.meta.url));
  let begins;
  const opened = await open({
    onStep(key) {
      if (!begins) return;
      const instants = begins.get(key);
      if (instants) instants.push(performance.now());
      else begins.set(key, [performance.now()]);
    },
  });

  async function instantsOf(steps) {
    begins = new Map();
    const key = await opened.run(steps);
    const instants = begins.get(key);
    begins = undefined;
    if (instants?.length !== steps) throw new Error(`${instants?.length ?? 0} steps began instead of ${steps}`);
    return instants;
  }

  return {
    ...opened,
    /** The milliseconds from the call that makes an execution to the begin of its first step. */
    async timeToFirstStep() {
      const startedAt = performance.now();
      const [first] = await instantsOf(1);
      return first - startedAt;
    },
    /** The milliseconds from each step's begin to the next one's, of one run. */
    async gaps(steps) {
      const instants = await instantsOf(steps);
      return instants.slice(1).map((at, index) => at - instants[index]);
    },
  };
}
