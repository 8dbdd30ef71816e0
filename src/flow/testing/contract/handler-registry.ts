import { describe, expect, it } from 'vitest';
import type { HandlerRegistry } from '../../ports.ts';
import { Result } from '../../result.ts';
import type { StepHandler } from '../../types.ts';

/** What every HandlerRegistry promises (seed page). */
export function testHandlerRegistry(name: string, factory: () => HandlerRegistry): void {
  describe(`${name}: handler registry`, () => {
    const greet: StepHandler = { type: 'greet', execute: async () => Result.success('hi') };

    it('gives back the very handler that was registered', () => {
      const registry = factory();
      registry.register(greet);
      expect(registry.get('greet')).toBe(greet);
      expect(registry.has('greet')).toBe(true);
    });

    it('answers undefined for a type it does not know, also for names every object has', () => {
      const registry = factory();
      for (const type of ['greet', 'constructor', '__proto__', 'toString', '']) {
        expect(registry.get(type)).toBeUndefined();
        expect(registry.has(type)).toBe(false);
      }
    });

    it('lists its handlers in the order they came', () => {
      const registry = factory();
      const bye = { ...greet, type: 'bye' };
      registry.register(greet);
      registry.register(bye);
      expect(registry.list()).toEqual([greet, bye]);
    });

    it('lets a later handler replace an earlier one of the same type', () => {
      const registry = factory();
      const other = { ...greet };
      registry.register(greet);
      registry.register(other);
      expect(registry.get('greet')).toBe(other);
      expect(registry.list()).toHaveLength(1);
    });

    it('hands out a list of its own', () => {
      const registry = factory();
      registry.register(greet);
      registry.list().pop();
      expect(registry.list()).toHaveLength(1);
    });
  });
}
