import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Me } from '../api/types.ts';

export const MeContext = createContext<Me | undefined>(undefined);

/** Whether the token we have may act; the server has the last word, this only hides what it would refuse. */
export function useMayAct(): boolean {
  return useContext(MeContext)?.scopes.includes('act') ?? false;
}
