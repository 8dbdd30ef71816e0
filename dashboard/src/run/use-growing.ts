import { useRef } from 'preact/hooks';
import { type Resource, useReload, useResource } from '../ui/use-resource.ts';

export interface ReadOn {
  /** More was asked for. */
  readonly more: boolean;
  readonly signal: AbortSignal;
}

/** Something that is read on from what is there already, when the run has changed and when more is asked for. */
export function useGrowing<T>(
  key: string,
  version: number,
  read: (before: T | undefined, on: ReadOn) => Promise<T>,
): Resource<T> & { readonly more: () => void } {
  const there = useRef<{ key: string; value?: T; asksMore: boolean }>({ key, asksMore: false });
  if (there.current.key !== key) there.current = { key, asksMore: false };
  const resource = useResource(key, async (signal) => {
    const state = there.current;
    const more = state.asksMore;
    state.asksMore = false;
    try {
      const value = await read(state.value, { more, signal });
      state.value = value;
      return value;
    } catch (error) {
      state.asksMore ||= more;
      throw error;
    }
  });
  useReload(version, resource.reload);
  const more = () => {
    there.current.asksMore = true;
    resource.reload();
  };
  return { ...resource, more };
}
