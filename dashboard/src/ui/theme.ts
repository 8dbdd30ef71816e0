import { useEffect, useState } from 'preact/hooks';

export type Theme = 'system' | 'light' | 'dark';

const key = 'pawl.theme';
const listeners = new Set<() => void>();

/** The theme the reader chose; `system` follows the system's. Kept for the next visit (see public/theme.js). */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // Storage may be forbidden; then the choice holds for this page.
  }
  for (const listener of listeners) listener();
}

/** A number that changes when the colours do, for what draws with them. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = () => setVersion((before) => before + 1);
    const media = matchMedia('(prefers-color-scheme: dark)');
    listeners.add(changed);
    media.addEventListener('change', changed);
    return () => {
      listeners.delete(changed);
      media.removeEventListener('change', changed);
    };
  }, []);
  return version;
}
