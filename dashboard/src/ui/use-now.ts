import { useState } from 'preact/hooks';
import { useInterval } from './use-resource.ts';

/** This moment, in epoch milliseconds, renewed so often; `undefined` keeps the moment of the first look. */
export function useNow(everyMs: number | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), everyMs);
  return now;
}
