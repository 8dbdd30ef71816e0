import { observeWindowOffset, observeWindowRect, type VirtualItem, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import { type RefObject } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

export interface WindowRows {
  readonly items: readonly VirtualItem[];
  readonly height: number;
  /** The distance of the list's first row from the top of the page. */
  readonly top: number;
  readonly scrollTo: (index: number) => void;
}

/** Which rows of a long list are near the part of the page that is seen; only those are in the document. */
export function useWindowRows(count: number, rowPx: number, list: RefObject<HTMLElement | null>): WindowRows {
  const [, redraw] = useReducer((version: number, _: unknown) => version + 1, 0);
  const [top, setTop] = useState(0);
  const options = {
    count,
    getScrollElement: () => window,
    estimateSize: () => rowPx,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    initialOffset: () => scrollY,
    scrollMargin: top,
    // Below the bars that stay on top of the page.
    scrollPaddingStart: 140,
    scrollPaddingEnd: 24,
    overscan: 12,
    onChange: () => redraw(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<Window, HTMLElement>(options));
  virtualizer.setOptions(options);

  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
    const now = list.current ? Math.round(list.current.getBoundingClientRect().top + scrollY) : 0;
    if (now !== top) setTop(now);
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowPx]);

  return {
    items: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    top,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  };
}
