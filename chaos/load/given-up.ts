import type { Host } from '../../test/e2e/support/host.ts';

/** The hosts that noticed that they had been given up for dead, as happens to the healthy on a machine that stood still, and when. */
export function givenUp(hosts: readonly Host[]): Map<string, readonly number[]> {
  const said = hosts.map((host) => [host.id, host.saidAt(/was away for longer/g)] as const);
  return new Map(said.filter(([, instants]) => instants.length > 0));
}
