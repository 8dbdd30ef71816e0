import { useEffect, useState } from 'preact/hooks';
import { CheckIcon } from './icons.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
}

const shownMs = 6_000;
let toasts: readonly Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();

/** Says for a moment that something was done; a screen reader reads it out. */
export function toast(text: string): void {
  const id = (count += 1);
  change([...toasts, { id, text }]);
  setTimeout(() => change(toasts.filter((each) => each.id !== id)), shownMs);
}

export function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    const update = () => setShown(toasts);
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div class="toast" key={id}>
          <CheckIcon /> {text}
        </div>
      ))}
    </div>
  );
}

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
