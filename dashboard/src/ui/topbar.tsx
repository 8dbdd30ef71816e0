import { useState } from 'preact/hooks';
import { session } from '../api/session.ts';
import type { Me } from '../api/types.ts';
import { hrefs, type Route } from '../model/route.ts';
import { DoorIcon, KeyboardIcon, Logo, MoonIcon, ScreenIcon, SunIcon } from './icons.tsx';
import { showShortcuts } from './shortcuts.tsx';
import { chooseTheme, currentTheme, type Theme } from './theme.ts';

const sections: readonly { title: string; href: string; pages: readonly Route['page'][] }[] = [
  { title: 'Runs', href: hrefs.runs, pages: ['runs', 'run'] },
  { title: 'Flows', href: hrefs.flows, pages: ['flows', 'flow'] },
  { title: 'Triggers', href: hrefs.triggers, pages: ['triggers', 'trigger'] },
  { title: 'System', href: hrefs.system, pages: ['system'] },
];
const nextTheme: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcons = { system: ScreenIcon, light: SunIcon, dark: MoonIcon };

export function Topbar({ route, me }: { readonly route: Route; readonly me: Me | undefined }) {
  return (
    <header class="topbar">
      <div class="topbar-inner">
        <a class="brand" href={hrefs.runs}>
          <Logo /> Pawl
        </a>
        <nav class="nav" aria-label="Sections">
          {sections.map(({ title, href, pages }) => (
            <a key={href} href={href} aria-current={pages.includes(route.page) ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <div class="topbar-end">
          {me?.tenantId && <span class="tag">tenant {me.tenantId}</span>}
          <button
            type="button"
            class="button plain icon"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={showShortcuts}
          >
            <KeyboardIcon />
          </button>
          <ThemeButton />
          {me?.auth === 'token' && (
            <button
              type="button"
              class="button plain icon"
              aria-label="Sign out"
              title={`Sign out ${me.name}`}
              onClick={() => session.signOut()}
            >
              <DoorIcon />
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme);
  const Icon = themeIcons[theme];
  const choose = () => {
    chooseTheme(nextTheme[theme]);
    setTheme(nextTheme[theme]);
  };
  const label = `Colours: ${theme === 'system' ? "the system's" : theme}`;
  return (
    <button type="button" class="button plain icon" aria-label={label} title={label} onClick={choose}>
      <Icon />
    </button>
  );
}
