import { useEffect, useState } from 'preact/hooks';
import { hrefs } from '../model/route.ts';
import { Dialog } from './dialog.tsx';
import { navigate } from './location.ts';

const goTo: Readonly<Record<string, string>> = { r: hrefs.runs, f: hrefs.flows, t: hrefs.triggers, s: hrefs.system };
const secondKeyMs = 1_200;

/** Whether a key is meant for us: not for a field that is being filled in, a dialog or the browser. */
export function isShortcut(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return false;
  const { target } = event;
  return !(target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]'));
}

/** The keys that work on every page, and the dialog that lists them all. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (!isShortcut(event)) return;
      const href = goTo[event.key];
      if (event.key === '?') setOpen(true);
      else if (event.key === 'g') goUntil = event.timeStamp + secondKeyMs;
      else if (href && event.timeStamp < goUntil) navigate(href);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    addEventListener('pawl:shortcuts', () => setOpen(true));
    return () => removeEventListener('keydown', onKey);
  }, []);
  if (!open) return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => setOpen(false)}>
      <dl class="shortcuts">
        {list.map(([keys, what]) => (
          <>
            <dt>
              {keys.map((key) => (
                <>
                  <kbd>{key}</kbd>{' '}
                </>
              ))}
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}

/** Opens the list of shortcuts, for a button. */
export function showShortcuts(): void {
  dispatchEvent(new Event('pawl:shortcuts'));
}

const list: readonly (readonly [readonly string[], string])[] = [
  [['j', '↓'], 'Next run in the list'],
  [['k', '↑'], 'Previous run in the list'],
  [['Enter'], 'Open the run'],
  [['/'], 'Find a run by its id'],
  [['u'], 'From a run back to the list'],
  [['g', 'r'], 'Go to runs'],
  [['g', 'f'], 'Go to flows'],
  [['g', 't'], 'Go to triggers'],
  [['g', 's'], 'Go to system'],
  [['?'], 'This list'],
];
