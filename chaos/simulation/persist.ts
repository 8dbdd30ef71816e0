import { isUnavailable } from '../../src/world/errors.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Asks again where it was told that the database is away. */
export async function persist<T>({ time }: { readonly time: VirtualTime }, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await time.sleep(50);
    }
  }
}
