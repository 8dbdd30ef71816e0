import { describe, expect, it } from 'vitest';
import type { FlowRegistry } from '../../ports.ts';
import type { Flow } from '../../types.ts';

/** A flow of one step, for tests. */
export function smallFlow(id: string, version = '1.0.0', changes: Partial<Flow> = {}): Flow {
  const only = { id: 'only', type: 'log', input: { type: 'full' } as const, transitions: { onSuccess: null } };
  return { id, version, initialStepId: 'only', steps: { only }, ...changes };
}

/** What every FlowRegistry promises (seed page, flow.md §2, decisions C7). */
export function testFlowRegistry(name: string, factory: () => FlowRegistry): void {
  describe(`${name}: flow registry`, () => {
    it('gives the newest published version, in semver order', () => {
      const registry = factory();
      for (const version of ['9.0.0', '10.0.0', '10.0.1-rc.1', '2.0.0']) registry.register(smallFlow('orders', version));
      expect(registry.get('orders')?.version).toBe('10.0.1-rc.1');
      registry.register(smallFlow('orders', '10.0.1'));
      expect(registry.get('orders')?.version).toBe('10.0.1');
    });

    it('gives a named version whatever its status, and no draft or archived one by default', () => {
      const registry = factory();
      registry.register(smallFlow('orders', '1.0.0'));
      registry.register(smallFlow('orders', '2.0.0', { status: 'draft' }));
      registry.register(smallFlow('orders', '3.0.0', { status: 'archived' }));
      expect(registry.get('orders')?.version).toBe('1.0.0');
      expect(registry.get('orders', '2.0.0')?.status).toBe('draft');
      expect(registry.get('orders', '3.0.0')?.status).toBe('archived');
    });

    it('answers undefined for what it does not know', () => {
      const registry = factory();
      registry.register(smallFlow('orders'));
      expect([registry.get('nobody'), registry.get('orders', '9.9.9'), registry.get('constructor')]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect([registry.has('orders'), registry.has('nobody'), registry.has('toString')]).toEqual([true, false, false]);
    });

    it('lists every version', () => {
      const registry = factory();
      registry.register(smallFlow('a', '1.0.0'));
      registry.register(smallFlow('a', '1.1.0'));
      registry.register(smallFlow('b'));
      expect(
        registry
          .list()
          .map(({ id, version }) => `${id}@${version}`)
          .sort(),
      ).toEqual(['a@1.0.0', 'a@1.1.0', 'b@1.0.0']);
    });

    it('takes the same content again, and refuses other content under the same version', () => {
      const registry = factory();
      registry.register(smallFlow('orders', '1.0.0', { name: 'Orders', description: 'd' }));
      registry.register(smallFlow('orders', '1.0.0', { description: 'd', name: 'Orders' }));
      const changed = smallFlow('orders', '1.0.0', { name: 'Changed', description: 'd' });
      expect(() => registry.register(changed)).toThrow(expect.objectContaining({ code: 'INVALID_FLOW' }));
      expect(registry.get('orders')?.name).toBe('Orders');
    });

    it('refuses a flow with every problem at its pointer, and keeps nothing of it', () => {
      const registry = factory();
      const step = {
        id: 'other',
        type: 'log',
        input: { type: 'path', path: 'a..b' },
        transitions: { onSuccess: 'nowhere' },
      };
      const flow = { ...smallFlow('bad'), version: 'one', steps: { only: step } } as unknown as Flow;
      let problems: unknown;
      try {
        registry.register(flow);
      } catch (error) {
        problems = (error as { details: { problems: { pointer: string }[] } }).details.problems.map(({ pointer }) => pointer);
      }
      expect(problems).toEqual(
        expect.arrayContaining(['/version', '/steps/only/id', '/steps/only/transitions/onSuccess', '/steps/only/input/path']),
      );
      expect(registry.has('bad')).toBe(false);
    });

    it('is not changed through what it was given or hands out', () => {
      const registry = factory();
      const flow = smallFlow('orders', '1.0.0', { tags: ['a'] });
      registry.register(flow);
      flow.tags?.push('b');
      expect(registry.get('orders')?.tags).toEqual(['a']);
      expect(() => registry.get('orders')?.tags?.push('c')).toThrow(TypeError);
    });
  });
}
