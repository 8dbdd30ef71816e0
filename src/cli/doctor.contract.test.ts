import { describe, expect, it, onTestFinished } from 'vitest';
import { databases } from '../../test/support/databases.ts';
import { createWorld } from '../connect/create-world.ts';
import { recordDeliveries } from '../testing/delivery-recorder.ts';
import { runCli } from './run-cli.ts';

describe.each(Object.entries(databases))('pawl doctor on %s', (_, database) => {
  it('sends no message where every worker is of another build than the one that runs are pinned to', async () => {
    const common = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent', WORKFLOW_PAWL_DEPLOYMENT_POLICY: 'pinned' };
    const world = createWorld({ env: { ...common, WORKFLOW_PAWL_DEPLOYMENT_ID: 'dpl_old' }, apart: true });
    onTestFinished(() => world.close());
    const { deliveries } = recordDeliveries(world, '__wkf_workflow_');
    await world.start();
    const { code, findings } = await doctor({ ...common, WORKFLOW_PAWL_DEPLOYMENT_ID: 'dpl_new' });
    expect(code).toBe(0);
    expect(findings['workers']).toMatchObject({ status: 'warning', finding: expect.stringContaining('none of build dpl_new') });
    expect(findings['workflows']).toMatchObject({ status: 'skipped' });
    expect(deliveries).toEqual([]);
  });
});

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly finding: string;
}

async function doctor(env: Readonly<Record<string, string>>) {
  let said = '';
  const session = { env, out: (text: string) => void (said += text), err: () => {}, terminal: false };
  const code = await runCli(['doctor', '--json', '--timeout', '50ms'], session);
  const { findings } = JSON.parse(said) as { findings: Finding[] };
  return { code, findings: Object.fromEntries(findings.map((finding) => [finding.check, finding])) };
}
