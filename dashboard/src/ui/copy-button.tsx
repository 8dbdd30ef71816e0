import { toast } from './toast.tsx';
import { CopyIcon } from './icons.tsx';

/** Puts a text on the clipboard. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(`Copied the ${what}`);
  };
  // Without a secure context there is no clipboard to write to.
  if (!('clipboard' in navigator)) return null;
  return (
    <button
      type="button"
      class="button plain small icon"
      aria-label={`Copy the ${what}`}
      title={`Copy the ${what}`}
      onClick={() => void copy()}
    >
      <CopyIcon size={14} />
    </button>
  );
}
