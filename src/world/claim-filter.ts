import { flowNamespace } from './flow-port.ts';
import type { ClaimAct, ClaimFilter, ClaimKind, Claims, DeliveryKind } from './port.ts';

const claimKinds: readonly ClaimKind[] = ['run', 'flow', 'step', 'message'];

export function claimKindOf({ of, namespace }: { readonly of: DeliveryKind; readonly namespace: string }): ClaimKind {
  return of === 'run' && namespace === flowNamespace ? 'flow' : of;
}

/** What it admits of a kind. */
export function namespacesOf({ namespaces }: Pick<ClaimFilter, 'namespaces'>, kind: ClaimKind): string[] {
  const of = kind === 'flow' ? 'run' : kind;
  return namespaces[of].filter((namespace) => claimKindOf({ of, namespace }) === kind);
}

/** The kinds of which it admits anything. */
export function kindsOf(filter: Pick<ClaimFilter, 'namespaces'>): ClaimKind[] {
  return claimKinds.filter((kind) => namespacesOf(filter, kind).length > 0);
}

/** The same filter for fewer kinds. */
export function onlyKinds(filter: ClaimFilter, wanted: (kind: ClaimKind) => boolean): ClaimFilter {
  const of = (...kinds: ClaimKind[]) => kinds.filter(wanted).flatMap((kind) => namespacesOf(filter, kind));
  return { ...filter, namespaces: { run: of('run', 'flow'), step: of('step'), message: of('message') } };
}

/** How many more of each kind may be claimed. */
export function leftOf(limits: ClaimAct['limits'], { runs, steps, messages }: Claims): Record<ClaimKind, number> {
  const flows = runs.filter(({ namespace }) => claimKindOf({ of: 'run', namespace }) === 'flow').length;
  return {
    run: limits.run - (runs.length - flows),
    flow: limits.flow - flows,
    step: limits.step - steps.length,
    message: limits.message - messages.length,
  };
}
