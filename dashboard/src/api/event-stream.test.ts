import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventParser, type ServerEvent } from './event-stream.ts';

function parse(...pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const push = createEventParser((event) => events.push(event));
  for (const piece of pieces) push(piece);
  return events;
}

describe('an event stream', () => {
  it('gives an event when its empty line is there, and not before', () => {
    expect(parse('event: run\ndata: {"a":1}\n')).toEqual([]);
    expect(parse('event: run\ndata: {"a":1}\n\n')).toEqual([{ event: 'run', data: '{"a":1}', id: undefined }]);
  });

  it('joins the lines of data, keeps the id and skips comments', () => {
    expect(parse(': hello\n\nid: 7\ndata: one\ndata:two\n\n')).toEqual([{ event: 'message', data: 'one\ntwo', id: '7' }]);
  });

  it('reads the same events wherever the text is cut and whichever line ends it uses', () => {
    const text = 'event: run\ndata: 1\n\n: ping\n\nevent: ping\ndata: {}\n\ndata: é\n\n';
    const expected = parse(text);
    expect(expected).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), fc.constantFrom('\n', '\r\n', '\r'), (cuts, end) => {
        const written = text.replaceAll('\n', end);
        const places = [0, ...cuts.toSorted((a, b) => a - b), written.length];
        const pieces = places.slice(1).map((place, at) => written.slice(places[at], place));
        // A lone carriage return at the very end could still become half of a line's end.
        expect(parse(...pieces, ': end\n')).toEqual(expected);
      }),
    );
  });
});
