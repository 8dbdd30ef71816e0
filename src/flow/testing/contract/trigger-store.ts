import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { createFakeClock } from '../../../base/fake-clock.ts';
import type { TriggerStore } from '../../triggers/port.ts';
import type { Trigger, TriggerRecord } from '../../triggers/types.ts';

interface TriggersUnderTest {
  readonly triggers: TriggerStore;
  close?(): Promise<void>;
}

/** What every TriggerStore promises: who is found for a request and for an event, and that of two who change a trigger one wins. */
export function testTriggerStore(
  name: string,
  factory: (given: { readonly clock: Clock }) => TriggersUnderTest | Promise<TriggersUnderTest>,
): void {
  describe(`${name}: trigger store`, () => {
    const policy = (title: string, check: (triggers: TriggerStore) => Promise<void>) =>
      it(title, async () => {
        const { triggers, close } = await factory({ clock: createFakeClock() });
        try {
          await check(triggers);
        } finally {
          await close?.();
        }
      });
    const record = (trigger: Trigger, createdAt = 1): TriggerRecord => ({ trigger, revision: 1, createdAt });
    const hook = (id: string, more: object = {}) => ({ type: 'http', id, flowId: 'flow', path: '/hook', ...more }) as const;

    policy('finds the enabled trigger of a method and path, whatever else has them', async (triggers) => {
      await triggers.put(record(hook('off', { enabled: false }), 1));
      expect(await triggers.findHttp('POST', '/hook')).toBeUndefined();
      await triggers.put(record(hook('other-path', { path: '/hook/other' }), 2));
      await triggers.put(record(hook('other-method', { method: 'PUT' }), 3));
      await triggers.put(record(hook('first', { enabled: true }), 4));
      await triggers.put(record(hook('second'), 5));
      const found = async (method: string) => (await triggers.findHttp(method, '/hook'))?.trigger.id;
      expect([await found('POST'), await found('PUT'), await found('GET')]).toEqual(['first', 'other-method', undefined]);
      await triggers.put({ ...record(hook('first', { enabled: false }), 4), revision: 2 });
      expect(await found('POST')).toBe('second');
      expect((await triggers.find('first'))?.trigger.enabled).toBe(false);
    });

    policy('lists the enabled event triggers of an event, of this flow or of any', async (triggers) => {
      const on = (id: string, more: object = {}) => ({ type: 'event', id, flowId: 'flow', event: 'execution:failed', ...more }) as const;
      await triggers.put(record(on('any')));
      await triggers.put(record(on('of-orders', { sourceFlowId: 'orders' })));
      await triggers.put(record(on('of-others', { sourceFlowId: 'others' })));
      await triggers.put(record(on('off', { enabled: false })));
      await triggers.put(record(on('other-event', { event: 'execution:completed' })));
      const listed = await triggers.listEvent('execution:failed', 'orders');
      expect(listed.map(({ trigger }) => trigger.id).toSorted()).toEqual(['any', 'of-orders']);
    });

    policy('lets one of two change a trigger, or fire with a change of it, and writes nothing of the other', async (triggers) => {
      await triggers.put(record(hook('hook')));
      const next = { ...record(hook('hook')), revision: 2 };
      const firing = { triggerId: 'hook', firedAt: 1, error: { code: 'X', message: 'one' } };
      await triggers.fire({ triggerId: 'hook', record: next, firings: [firing], commits: [] });
      const late = { ...firing, error: { code: 'X', message: 'other' } };
      const refused = { code: 'EXECUTION_CONFLICT' };
      await expect(triggers.fire({ triggerId: 'hook', record: next, firings: [late], commits: [] })).rejects.toMatchObject(refused);
      await expect(triggers.put(next)).rejects.toMatchObject(refused);
      expect(await triggers.firings('hook')).toEqual([firing]);
    });
  });
}
