import type { Execution, StepHistoryEntry } from '../../../src/flow/types.ts';
import { childParts, codeOutput, type FlowPart, type FlowProgram } from './program.ts';

export interface Facts {
  /** Whether a call of a handler gave this number. */
  readonly isOfACall: (nonce: number) => boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** What a completed or failed execution has that a run of its program without any fault could not have come to; empty if nothing. */
export function problemsOf({ parts }: FlowProgram, execution: Execution, facts: Facts): string[] {
  const { context, status, history, currentStepId } = execution;
  const last = parts.at(-1);
  // A step that fails for good and has nothing after it.
  const expected = last?.kind === 'fail' ? 'failed' : 'completed';
  if (status !== expected) return [`it is ${status} at ${currentStepId}, not ${expected}: ${JSON.stringify(execution.error)}`];
  return [
    ...contextProblems(parts, context, facts),
    ...historyProblems(parts, history),
    ...(status === 'failed' && execution.error?.code !== failureOf(last) ? [`it failed with ${execution.error?.code}`] : []),
  ];
}

function failureOf(part: FlowPart | undefined): string {
  return part?.kind === 'fail' && part.timeoutMs !== undefined ? 'TIMEOUT' : 'SIMULATED';
}

function contextProblems(parts: readonly FlowPart[], context: Values, facts: Facts): string[] {
  const keys = ['given', ...parts.flatMap((part) => (part.kind === 'fail' ? [] : [part.id]))];
  const allowed = new Set([...keys, 'resumedBy', 'resumeData', 'error']);
  const problems = [
    ...keys.filter((key) => !Object.hasOwn(context, key)).map((key) => `its context has no ${key}`),
    ...Object.keys(context)
      .filter((key) => !allowed.has(key))
      .map((key) => `its context has a ${key}`),
  ];
  parts.forEach((part, index) => {
    const before = ['given', ...parts.slice(0, index).flatMap(({ kind, id }) => (kind === 'fail' ? [] : [id]))];
    const problem = outputProblem(part, context[part.id], { before, facts });
    if (problem !== undefined) problems.push(`${part.id} (${part.kind}) ${problem}: ${JSON.stringify(context[part.id])}`);
  });
  return problems;
}

interface Place {
  /** The keys that the context had when the step began. */
  readonly before: readonly string[];
  readonly facts: Facts;
}

function outputProblem(part: FlowPart, output: unknown, place: Place): string | undefined {
  if (output === undefined && part.kind !== 'fail') return 'has no output';
  const values = output as Values;
  switch (part.kind) {
    case 'fail':
      return output === undefined ? undefined : 'has an output';
    case 'work':
      return workProblem(part.id, values, place);
    case 'delay':
      return values['delayed'] === true ? undefined : 'gave what no delay gives';
    case 'ask': {
      const data = values['data'] as Values | undefined;
      if (values['by'] === 'timer') return part.patienceMs === undefined ? 'was ended by a timer that it has not' : undefined;
      return data?.['answerTo'] === part.id ? undefined : 'has no answer of its own';
    }
    case 'signal': {
      // A wait that names no token takes any of the execution: also one of a question that was asked twice, and answered twice.
      const { signalTo, answerTo } = values['data'] as { readonly signalTo?: string; readonly answerTo?: string };
      return signalTo === part.id || place.before.includes(String(answerTo)) ? undefined : 'has no signal of its own';
    }
    case 'parallel': {
      const results = values['results'] as Values;
      const enough = part.join === 'all' ? Object.keys(results).length === part.branches.length : Object.keys(results).length > 0;
      if (!enough) return 'went on before its join';
      const problems = part.branches.map((branch) => (branch.id in results ? outputProblem(branch, results[branch.id], place) : undefined));
      return problems.find((problem) => problem !== undefined);
    }
    case 'map': {
      const results = output as readonly unknown[];
      if (results.length !== part.items) return 'has not a result of each item';
      return results.map((result) => outputProblem(part.item, result, { ...place, before: ['index', 'item'] })).find(Boolean);
    }
    case 'code':
      return output === codeOutput ? undefined : 'has not what its run gave';
    case 'subflow':
      if (values['from'] !== part.id) return 'has another context';
      return childParts
        .map((child, index) => {
          const before = ['from', ...childParts.slice(0, index).map(({ id }) => id)];
          return outputProblem(child, values[child.id], { ...place, before });
        })
        .find(Boolean);
  }
}

function workProblem(id: string, { step, nonce, saw }: Values, { before, facts }: Place): string | undefined {
  if (step !== id) return 'has the output of another step';
  if (!facts.isOfACall(Number(nonce))) return 'has an output that nobody gave';
  const own = (saw as readonly string[]).filter((key) => !['resumedBy', 'resumeData', 'error'].includes(key));
  return String(own) === String(before.toSorted()) ? undefined : `did not see ${before.join()}`;
}

/** Each step once, in its place, with as many attempts as it fails. */
function historyProblems(parts: readonly FlowPart[], history: readonly StepHistoryEntry[]): string[] {
  const expected = parts.flatMap(entriesOf);
  const seen = history.map(({ stepId, attempt, status }) => `${stepId}.${attempt} ${status}`);
  return String(seen) === String(expected) ? [] : [`its history is ${seen.join(', ')}; it had to be ${expected.join(', ')}`];
}

function entriesOf(part: FlowPart): string[] {
  const failures = (count: number) => Array.from({ length: count }, (_, index) => `${part.id}.${index + 1} failure`);
  switch (part.kind) {
    case 'work':
      return [...failures(part.failures), `${part.id}.${part.failures + 1} success`];
    case 'fail':
      return failures(part.retries + 1);
    case 'map':
      return part.items === 0 ? [`${part.id}.1 success`] : [`${part.id}.1 wait`, `${part.id}.1 success`];
    default:
      return [`${part.id}.1 wait`, `${part.id}.1 success`];
  }
}
