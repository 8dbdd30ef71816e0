import { hostileKeys } from './safe-path.ts';
import { escapePointer } from './template.ts';
import type { FlowProblem } from './types.ts';

const deepestFlow = 64;
/** Characters that a flow may grow by, as JSON, because values stand in several places. */
const mostRepeated = 16 * 2 ** 20;

/** How large something is where it stands: levels of objects, and about so many characters of JSON. */
interface Extent {
  readonly levels: number;
  readonly size: number;
}

/**
 * What must not be walked by plain recursion and plain keys: functions, hostile keys, circles, too many levels, and values
 * that stand in so many places that nobody could write them all. Each object is visited once, whatever leads to it.
 */
export function hostileProblems(root: unknown): readonly FlowProblem[] {
  const problems: FlowProblem[] = [];
  const open = new Map<object, string>();
  const visited = new Map<object, Extent>();
  let repeated = 0;

  function walk(value: unknown, pointer: string): Extent {
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
      return refuse(pointer, `a ${typeof value} is not JSON`);
    }
    if (typeof value !== 'object' || value === null) return { levels: 0, size: String(value).length };
    const above = open.get(value);
    if (above !== undefined) return refuse(pointer, `leads back to ${above || '/'}`);
    const extent = visited.get(value) ?? { levels: 1, size: 0 };
    if (open.size + extent.levels > deepestFlow + 1) return refuse(pointer, `is nested deeper than ${deepestFlow} levels`);
    return visited.has(value) ? repeat(extent, pointer) : visit(value, pointer);
  }

  function visit(value: object, pointer: string): Extent {
    open.set(value, pointer);
    let [levels, size] = [0, 2];
    for (const [key, member] of Object.entries(value)) {
      const below = `${pointer}/${escapePointer(key)}`;
      const extent = hostileKeys.has(key) ? refuse(below, `the key "${key}" is never allowed`) : walk(member, below);
      levels = Math.max(levels, extent.levels);
      size += key.length + extent.size;
    }
    open.delete(value);
    const extent = { levels: levels + 1, size };
    visited.set(value, extent);
    return extent;
  }

  function repeat(extent: Extent, pointer: string): Extent {
    const before = repeated;
    repeated += extent.size;
    // Said once, where it becomes too much.
    if (before <= mostRepeated && repeated > mostRepeated) refuse(pointer, 'stands in so many places that the flow is too large as JSON');
    return extent;
  }

  function refuse(pointer: string, message: string): Extent {
    problems.push({ pointer, message });
    return { levels: 0, size: 0 };
  }

  walk(root, '');
  return problems;
}
