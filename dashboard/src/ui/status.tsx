import { ArcIcon, CheckIcon, ClockIcon, CrossIcon, DashedIcon, type IconProps, SlashIcon } from './icons.tsx';

type Look = { readonly tone: 'completed' | 'running' | 'waiting' | 'failed' | 'quiet'; readonly icon: (props: IconProps) => preact.VNode };

const looks: Readonly<Record<string, Look>> = {
  pending: { tone: 'quiet', icon: DashedIcon },
  running: { tone: 'running', icon: ArcIcon },
  waiting: { tone: 'waiting', icon: ClockIcon },
  retrying: { tone: 'failed', icon: ArcIcon },
  completed: { tone: 'completed', icon: CheckIcon },
  received: { tone: 'completed', icon: CheckIcon },
  failed: { tone: 'failed', icon: CrossIcon },
  cancelled: { tone: 'quiet', icon: SlashIcon },
  disposed: { tone: 'quiet', icon: SlashIcon },
};
const unknown: Look = { tone: 'quiet', icon: DashedIcon };

export function toneOf(status: string): Look['tone'] {
  return (looks[status] ?? unknown).tone;
}

export function StatusIcon({ status, size = 16 }: { readonly status: string; readonly size?: number }) {
  const { tone, icon: Icon } = looks[status] ?? unknown;
  return (
    <span class={`tone-${tone}`}>
      <Icon size={size} class={status === 'running' ? 'spin' : ''} />
    </span>
  );
}

/** A status as icon and word, so that no one has to tell it by its colour. */
export function Status({ status, word, badge = false }: { readonly status: string; readonly word?: string; readonly badge?: boolean }) {
  const { tone, icon: Icon } = looks[status] ?? unknown;
  return (
    <span class={`status tone-${tone}${badge ? ' badge' : ''}`}>
      <Icon class={status === 'running' ? 'spin' : ''} />
      {word ?? capitalised(status)}
    </span>
  );
}

export function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
