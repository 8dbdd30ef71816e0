import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { Progress } from './progress.ts';

function open({ terminal = true, total }: { readonly terminal?: boolean; readonly total: number | undefined }) {
  const said: string[] = [];
  const clock = createFakeClock();
  const session = { env: {}, out: () => {}, err: (text: string) => said.push(text), terminal };
  return { said, clock, progress: new Progress(session, { what: 'for it', total, clock }) };
}

describe('a progress bar', () => {
  it('is for whoever waits longer than two seconds', () => {
    const { said, clock, progress } = open({ total: 10 });
    progress.at(1);
    clock.advance(1_999);
    progress.at(2);
    expect(said).toEqual([]);
    clock.advance(1);
    progress.at(5);
    progress.end();
    expect(said).toEqual([`\r[${'#'.repeat(15)}${'.'.repeat(15)}] 5 of 10 for it`, '\n']);
  });

  it('says that time passes where nobody knows how much there is, until it is stopped', () => {
    const { said, clock, progress } = open({ total: undefined });
    const stop = progress.tick();
    clock.advance(1_500);
    expect(said).toEqual([]);
    progress.note('running');
    clock.advance(2_000);
    expect(said.at(-1)).toMatch(/^\r\[\.*###\.*\] [34] s waiting for it: running/);
    const before = said.length;
    stop();
    clock.advance(60_000);
    expect(said).toHaveLength(before);
  });

  it('is for nobody where there is no terminal', () => {
    const { said, clock, progress } = open({ terminal: false, total: 10 });
    progress.tick();
    clock.advance(60_000);
    progress.at(10);
    progress.end();
    expect(said).toEqual([]);
  });
});
