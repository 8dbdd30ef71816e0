import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Me, Scope } from '../api/types.ts';

export const MeContext = createContext<Me | undefined>(undefined);

/** Whether the token we have may act; the server has the last word, this only hides what it would refuse. */
export function useMayAct(): boolean {
  return useMay('act');
}

export function useMay(scope: Scope): boolean {
  return useContext(MeContext)?.scopes.includes(scope) ?? false;
}

/** The tenant that the token is bound to; the server tells it nothing that is about all of them. */
export function useTenant(): string | undefined {
  return useContext(MeContext)?.tenantId ?? undefined;
}
