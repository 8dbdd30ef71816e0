import { expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { smallExecution } from '../testing/contract/sample-execution.ts';
import { MissingHandlers } from './missing-handlers.ts';

it('looks at an execution ever less often, and from the start again once it was carried on', () => {
  const missing = new MissingHandlers(silentLogger);
  const execution = smallExecution({ id: 'one' });
  const waits = Array.from({ length: 8 }, () => missing.leave(execution, 'greet'));
  expect(waits[0]).toBeLessThanOrEqual(1_000);
  expect(waits[3]).toBeGreaterThan(4_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  missing.found('one');
  expect(missing.leave(execution, 'greet')).toBeLessThanOrEqual(1_000);
});

it('tells of each handler of a flow once', () => {
  const told: string[] = [];
  const missing = new MissingHandlers({ ...silentLogger, warn: (message) => void told.push(message) });
  for (const id of ['one', 'two', 'one']) missing.leave(smallExecution({ id }), 'greet');
  missing.leave(smallExecution({ id: 'three' }), 'charge');
  expect(told.map((message) => /handler "(\w+)"/.exec(message)?.[1])).toEqual(['greet', 'charge']);
});
