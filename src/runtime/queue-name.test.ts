import { describe, expect, it } from 'vitest';
import { parseQueueName, parseQueuePrefix } from './queue-name.ts';

describe('the name of a queue', () => {
  it.each([
    ['__wkf_workflow_workflow//./workflows/a//run', { namespace: '', kind: 'workflow', id: 'workflow//./workflows/a//run' }],
    ['__wkf_step_größe 🎉', { namespace: '', kind: 'step', id: 'größe 🎉' }],
    ['__shop_wkf_workflow_a', { namespace: 'shop', kind: 'workflow', id: 'a' }],
    ['__a1_wkf_step_x', { namespace: 'a1', kind: 'step', id: 'x' }],
    ['__wkf_step___wkf_workflow_a', { namespace: '', kind: 'step', id: '__wkf_workflow_a' }],
    ['__wkf_step_two\nlines', { namespace: '', kind: 'step', id: 'two\nlines' }],
    ['__wkf_workflow_health_check', { namespace: '', kind: 'workflow', id: 'health_check' }],
  ])('%j says kind, id and namespace', (name, parts) => {
    expect(parseQueueName(name)).toEqual(parts);
  });

  it.each([
    '',
    '__wkf_workflow_',
    '__wkf_flow_a',
    'wkf_workflow_a',
    '__Shop_wkf_step_a',
    '__1a_wkf_step_a',
    '__a_b_wkf_step_a',
    '___wkf_step_a',
  ])('is not %j, and the error says what is', (name) => {
    expect(() => parseQueueName(name)).toThrow(
      expect.objectContaining({ name: 'WorkflowWorldError', status: 400, message: expect.stringContaining('__wkf_step_<name>') }),
    );
  });
});

describe('the prefix of a handler', () => {
  it.each([
    ['__wkf_workflow_', { namespace: '', kind: 'workflow' }],
    ['__shop_wkf_step_', { namespace: 'shop', kind: 'step' }],
  ])('%j says kind and namespace', (prefix, parts) => {
    expect(parseQueuePrefix(prefix)).toEqual(parts);
  });

  it.each(['', '__wkf_workflow_a', '__wkf_', 'workflow'])('is not %j', (prefix) => {
    expect(() => parseQueuePrefix(prefix)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
