import type { ComponentChildren } from 'preact';

export interface IconProps {
  readonly size?: number;
  readonly class?: string;
}

/** Icons are never the only bearer of a meaning: a word stands beside them, or their button has a label. */
function icon(children: ComponentChildren) {
  return ({ size = 16, class: className }: IconProps) => (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      class={className}
    >
      {children}
    </svg>
  );
}

export const CheckIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m5.4 8.2 1.8 1.8 3.4-3.8" />
  </>,
);
export const CrossIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m6 6 4 4m0-4-4 4" />
  </>,
);
export const ArcIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" opacity="0.25" />
    <path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" />
  </>,
);
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" />
    <path d="M8 4.6V8l2.2 1.6" />
  </>,
);
export const DashedIcon = icon(<circle cx="8" cy="8" r="6.25" stroke-dasharray="2.4 2.5" />);
export const SlashIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m3.8 3.8 8.4 8.4" />
  </>,
);
export const HookIcon = icon(<path d="M9.5 2v7.2a3.2 3.2 0 1 1-6.4 0V8m0 0L1.8 9.6M3.1 8l1.6 1.4M9.5 2h3.2" />);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.2 3.2" />
  </>,
);
export const WarnIcon = icon(<path d="M8 2.2 14.4 13.4H1.6ZM8 6.4v3.2m0 1.7v.1" />);
export const InfoIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.25" />
    <path d="M8 7.4v3.4M8 5.2v.1" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M3.4 10.5h-.2a1 1 0 0 1-1-1v-6a1.3 1.3 0 0 1 1.3-1.3h6a1 1 0 0 1 1 1v.2" />
  </>,
);
export const ChevronIcon = icon(<path d="m6 3.5 4.5 4.5L6 12.5" />);
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.4v1.4M8 13.2v1.4M1.4 8h1.4m10.4 0h1.4M3.3 3.3l1 1m7.4 7.4 1 1m0-9.4-1 1m-7.4 7.4-1 1" />
  </>,
);
export const MoonIcon = icon(<path d="M13.6 9.6A6 6 0 0 1 6.4 2.4a6 6 0 1 0 7.2 7.2Z" />);
export const ScreenIcon = icon(
  <>
    <rect x="1.8" y="2.8" width="12.4" height="8.4" rx="1.2" />
    <path d="M5.6 13.8h4.8" />
  </>,
);
export const KeyboardIcon = icon(
  <>
    <rect x="1.3" y="3.8" width="13.4" height="8.4" rx="1.4" />
    <path d="M4 6.6h.1m2.6 0h.1m2.6 0h.1m2.5 0h.1M4 9.4h8" />
  </>,
);
export const DoorIcon = icon(<path d="M6.5 2.5h-3v11h3m3.5-8L12.8 8 10 10.5M12.8 8H6.4" />);
export const PlayIcon = icon(<path d="M4.8 3v10l8-5Z" />);
export const RetryIcon = icon(<path d="M13 8a5 5 0 1 1-1.6-3.7M13.2 2v2.8h-2.8" />);
export const ArrowUpIcon = icon(<path d="M8 13V3.4M3.8 7.4 8 3.2l4.2 4.2" />);
export const EmptyIcon = icon(<path d="M2 9.2 4 3.4h8l2 5.8v3.4H2Zm0 0h3.4l1 1.6h3.2l1-1.6H14" />);
export const FlowIcon = icon(
  <>
    <rect x="5.6" y="1.6" width="4.8" height="3.6" rx="1" />
    <rect x="1.4" y="10.8" width="4.8" height="3.6" rx="1" />
    <rect x="9.8" y="10.8" width="4.8" height="3.6" rx="1" />
    <path d="M8 5.2v2.6M3.8 10.8V9.2a1.4 1.4 0 0 1 1.4-1.4h5.6a1.4 1.4 0 0 1 1.4 1.4v1.6" />
  </>,
);
export const BoltIcon = icon(<path d="M8.8 1.6 3.4 9h4l-.6 5.4L12.6 7h-4Z" />);

/** The ratchet with its pawl. */
export function Logo({ size = 22 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--ink)" />
      <path d="M6 24 12 15v9l6-9v9l6-9v9Z" fill="var(--on-ink)" />
      <path d="m24.5 6.5-11 6.6" stroke="var(--bar-running)" stroke-width="3" stroke-linecap="round" />
      <circle cx="24.5" cy="6.5" r="2.6" fill="var(--bar-running)" />
    </svg>
  );
}
