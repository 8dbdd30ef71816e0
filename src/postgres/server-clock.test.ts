import { expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { ServerClock } from './server-clock.ts';

it('tells the time of the server, whatever this host believes', () => {
  const clock = createFakeClock(1_000_000);
  const server = new ServerClock(clock);
  expect(server.now()).toBe(1_000_000);
  server.observe(7_000_000, clock.monotonic());
  expect(server.now()).toBe(7_000_000);
  clock.advance(500);
  expect(server.now()).toBe(7_000_500);
});

it('does not jump when the clock of this host does', () => {
  const clock = createFakeClock();
  const server = new ServerClock(clock);
  server.observe(7_000_000, clock.monotonic());
  clock.jump(600_000);
  expect(server.now()).toBe(7_000_000);
});

it('takes the way of the answer into account', () => {
  const clock = createFakeClock();
  const server = new ServerClock(clock);
  const sentAt = clock.monotonic();
  clock.advance(100);
  server.observe(7_000_000, sentAt);
  expect(server.now()).toBe(7_000_050);
});

it('believes a quick answer rather than a slow one, until it is old', () => {
  const clock = createFakeClock();
  const server = new ServerClock(clock);
  const slowly = (serverMs: number) => {
    const sentAt = clock.monotonic();
    clock.advance(1_000);
    server.observe(serverMs, sentAt);
  };
  server.observe(7_000_000, clock.monotonic());
  slowly(7_000_900);
  expect(server.now()).toBe(7_001_000);

  clock.advance(60_000);
  slowly(7_061_900);
  expect(server.now()).toBe(7_062_400);
});

it('follows at once where only a jump explains the answer', () => {
  const clock = createFakeClock();
  const server = new ServerClock(clock);
  server.observe(7_000_000, clock.monotonic());
  const sentAt = clock.monotonic();
  clock.advance(10);
  server.observe(9_000_005, sentAt);
  expect(server.now()).toBe(9_000_010);
});
