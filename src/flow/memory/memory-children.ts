import type { ChildResult, ChildTally } from '../children.ts';
import type { SpawnedChild } from '../execution-index.ts';
import type { ChildJoin } from '../types.ts';

interface Group {
  created: number;
  succeeded: number;
  readonly results: Map<number, ChildResult>;
  readonly open: Map<number, string>;
}

/** The children of executions, in rows of their own: what a parent asks never costs more than the page it asks for. */
export class MemoryChildren {
  readonly #parents = new Map<string, Map<string, Group>>();

  /** Children without a step of their parent, such as a compensation, are no one's to join or cancel. */
  add(parentId: string, child: SpawnedChild): void {
    const place = child.kind === 'flow' ? child.execution.parentStep : child.parent;
    if (!place) return;
    const group = this.#group(parentId, place.group, { make: true });
    group.created += 1;
    group.open.set(place.index, child.kind === 'flow' ? child.execution.id : child.id);
  }

  /** True if this is the first result of that child. */
  settle(result: ChildResult): boolean {
    const group = this.#group(result.parentId, result.group, { make: true });
    if (group.results.has(result.index)) return false;
    group.results.set(result.index, result);
    group.open.delete(result.index);
    if (result.status === 'completed') group.succeeded += 1;
    return true;
  }

  tally(parentId: string, groupName: string): ChildTally {
    const group = this.#group(parentId, groupName);
    return { created: group?.created ?? 0, finished: group?.results.size ?? 0, succeeded: group?.succeeded ?? 0 };
  }

  fulfilled(parentId: string, join: ChildJoin): boolean {
    return this.tally(parentId, join.group).finished >= join.wakeWhen;
  }

  results(parentId: string, groupName: string, { after = -1, limit }: { readonly after?: number; readonly limit: number }): ChildResult[] {
    const group = this.#group(parentId, groupName);
    const page: ChildResult[] = [];
    for (let index = after + 1; group && index < group.created && page.length < limit; index += 1) {
      const result = group.results.get(index);
      if (result) page.push(result);
    }
    return page;
  }

  /** Ids of the unfinished children of one group, or of all, with their places. */
  open(parentId: string, groupName?: string): { readonly group: string; readonly index: number; readonly id: string }[] {
    const groups = [...(this.#parents.get(parentId) ?? [])];
    return groups.flatMap(([group, { open }]) =>
      groupName === undefined || groupName === group ? [...open].map(([index, id]) => ({ group, index, id })) : [],
    );
  }

  delete(parentId: string): void {
    this.#parents.delete(parentId);
  }

  #group(parentId: string, name: string, options: { readonly make: true }): Group;
  #group(parentId: string, name: string): Group | undefined;
  #group(parentId: string, name: string, options?: { readonly make: true }): Group | undefined {
    const groups = this.#parents.get(parentId) ?? new Map<string, Group>();
    const known = groups.get(name);
    if (known || !options) return known;
    const group: Group = { created: 0, succeeded: 0, results: new Map(), open: new Map() };
    groups.set(name, group);
    this.#parents.set(parentId, groups);
    return group;
  }
}
