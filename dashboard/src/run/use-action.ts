import { useState } from 'preact/hooks';
import { Problem } from '../api/problem.ts';
import { toast } from '../ui/toast.tsx';

export interface Action {
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  /** Does it once at a time; says so when it is done, or keeps the problem. */
  readonly act: (work: () => Promise<void>, done: string) => void;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const act = (work: () => Promise<void>, done: string) => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    void perform(work, done).then((wrong) => {
      setBusy(false);
      setProblem(wrong);
    });
  };
  return { busy, problem, act };
}

async function perform(work: () => Promise<void>, done: string): Promise<Problem | undefined> {
  try {
    await work();
    toast(done);
    return undefined;
  } catch (error) {
    return Problem.from(error);
  }
}
