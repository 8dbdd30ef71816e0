import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineFlow } from './define-flow.ts';
import { defineHandler } from './define-handler.ts';
import { Result } from './result.ts';
import { TestHarness } from './testing/harness.ts';
import type { Flow } from './types.ts';
import { validateFlow } from './validate.ts';

const input = { type: 'full' } as const;

describe('defineFlow', () => {
  it('gives plain JSON that is valid, with ids from the keys', () => {
    const flow = defineFlow({
      id: 'orders',
      version: '1.0.0',
      initialStepId: 'pay',
      inputSchema: z.object({ amount: z.number().positive() }),
      steps: {
        pay: { type: 'charge', input, transitions: { onSuccess: 'ship', onFailure: 'refund' } },
        ship: { type: 'ship', input, transitions: { onSuccess: null } },
        refund: { type: 'refund', input, transitions: { onSuccess: null } },
      },
      metadata: { onCancel: 'refund', visual: { x: 1 } },
    });
    expectTypeOf(flow).toEqualTypeOf<Flow>();
    expect(validateFlow(flow)).toEqual([]);
    expect(JSON.parse(JSON.stringify(flow))).toEqual(flow);
    expect(flow.steps.pay?.id).toBe('pay');
    expect(flow.inputSchema).toMatchObject({ type: 'object', required: ['amount'] });
  });

  it('does not compile with a target that is no step', () => {
    const steps = { only: { type: 'log', input, transitions: { onSuccess: null } } } as const;
    // @ts-expect-error the initial step is not one
    defineFlow({ id: 'f', version: '1.0.0', initialStepId: 'other', steps });
    defineFlow({
      id: 'f',
      version: '1.0.0',
      initialStepId: 'only',
      steps: {
        only: {
          type: 'log',
          input,
          transitions: {
            // @ts-expect-error there is no step "onyl"
            onSuccess: 'onyl',
            // @ts-expect-error nor "x"
            onFailure: 'x',
            onResume: 'only',
          },
        },
      },
    });
    defineFlow({
      id: 'f',
      version: '1.0.0',
      initialStepId: 'only',
      // @ts-expect-error compensation must begin at a step
      metadata: { onCancel: 'other' },
      steps,
    });
    defineFlow({
      id: 'f',
      version: '1.0.0',
      initialStepId: 'only',
      steps: {
        // @ts-expect-error an id that differs from its key
        only: { id: 'other', type: 'log', input, transitions: { onSuccess: null } },
      },
    });
  });
});

describe('defineHandler', () => {
  const charge = defineHandler({
    type: 'charge',
    config: z.object({ currency: z.enum(['eur', 'usd']).default('eur') }),
    input: z.object({ amount: z.coerce.number().positive() }),
    output: z.object({ paid: z.string() }),
    execute({ config, input: given, attempt }) {
      expectTypeOf(config).toEqualTypeOf<{ currency: 'eur' | 'usd' }>();
      expectTypeOf(given).toEqualTypeOf<{ amount: number }>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      return Result.success({ paid: `${given.amount} ${config.currency}`, extra: true });
    },
  });
  const flow = (config: Record<string, unknown> = {}) =>
    defineFlow({
      id: 'f',
      version: '1.0.0',
      initialStepId: 'pay',
      steps: {
        pay: {
          type: 'charge',
          config,
          input,
          outputKey: 'out',
          retries: { maxAttempts: 3 },
          transitions: { onSuccess: null },
        },
      },
    });

  it('parses input, config and output', async () => {
    const harness = new TestHarness({ flows: [flow()], handlers: [charge] });
    const execution = await harness.run('f', { amount: '12' });
    expect(execution.context.out).toEqual({ paid: '12 eur' });
  });

  it('gives every execution the config as it was parsed, whatever the one before tried to do with it', async () => {
    class Counter {
      count = 0;
    }
    const mail = defineHandler({
      type: 'charge',
      config: z.object({
        to: z.array(z.string()),
        more: z.object({ cc: z.array(z.string()) }).default({ cc: [] }),
        counter: z.string().transform(() => new Counter()),
      }),
      execute({ config, execution }) {
        config.counter.count += 1;
        const user = String(execution.context.user);
        const tries = [() => config.to.push(user), () => config.more.cc.push(user), () => (config.to = [user])];
        const refused = tries.filter((change) => {
          try {
            change();
            return false;
          } catch {
            return true;
          }
        });
        return Result.success({ refused: refused.length, to: config.to, cc: config.more.cc, count: config.counter.count });
      },
    });
    const harness = new TestHarness({ flows: [flow({ to: ['ops'], counter: 'c' })], handlers: [mail] });
    for (const [user, count] of [
      ['ada', 1],
      ['bob', 2],
    ]) {
      const { context } = await harness.run('f', { user });
      expect(context.out).toEqual({ refused: 3, to: ['ops'], cc: [], count });
    }
  });

  it.each([
    ['input', {}, { amount: -1 }, 'INVALID_INPUT'],
    ['config', { currency: 'gold' }, { amount: 1 }, 'INVALID_INPUT'],
  ])('fails the step once when its %s does not fit', async (_what, config, context, code) => {
    const harness = new TestHarness({ flows: [flow(config)], handlers: [charge] });
    const execution = await harness.run('f', context);
    expect(execution).toMatchObject({
      status: 'failed',
      error: { code, stepId: 'pay', details: { problems: [expect.anything()] } },
    });
    expect(harness.calls('charge')).toHaveLength(1);
  });

  it('fails the step once when its output does not fit', async () => {
    const wrong = defineHandler({
      type: 'charge',
      output: z.object({ paid: z.string() }),
      execute: () => Result.success({}),
    });
    const harness = new TestHarness({ flows: [flow()], handlers: [wrong] });
    expect(await harness.run('f')).toMatchObject({
      status: 'failed',
      error: { code: 'HANDLER_ERROR' },
      history: [{ attempt: 1 }],
    });
  });

  it('takes JSON Schema as well, and publishes JSON Schema of both', async () => {
    const plain = defineHandler({
      type: 'charge',
      input: { type: 'object', required: ['amount'] },
      execute: ({ input: given }) => Result.success(given),
    });
    const harness = new TestHarness({ flows: [flow()], handlers: [plain] });
    expect((await harness.run('f', {})).error?.code).toBe('INVALID_INPUT');
    expect((await harness.run('f', { amount: 1 })).status).toBe('completed');
    expect(charge.metadata?.inputSchema).toMatchObject({ type: 'object', required: ['amount'] });
  });

  it('leaves a plain handler with schemas in its metadata to the engine to check', async () => {
    const metadata = { inputSchema: { type: 'object', required: ['amount'] }, outputSchema: z.object({ paid: z.string() }) };
    const plain = { type: 'charge', metadata, execute: async () => Result.success({ paid: 1 }) };
    const harness = new TestHarness({ flows: [flow()], handlers: [plain] });
    expect((await harness.run('f', {})).error?.code).toBe('INVALID_INPUT');
    expect((await harness.run('f', { amount: 1 })).error?.code).toBe('HANDLER_ERROR');
  });
});
