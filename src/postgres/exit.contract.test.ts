import { expect, inject, it, onTestFinished } from 'vitest';
import { dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { Program } from '../../test/support/program.ts';

it('a program that forgets to close its World ends by itself', { timeout: 20_000 }, async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  onTestFinished(() => dropSchema(url, schema));
  const code = `
    import { createWorld } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const world = createWorld();
    await world.writeToStream('strm_x', 'wrun_x', 'one');
    console.log((await world.getStreamInfo('strm_x')).tailIndex);`;
  const env = { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema };
  const program = Program.node(['--input-type=module', '--eval', code], { cwd: process.cwd(), env });
  expect(await program.ended()).toMatchObject({ code: 0, stdout: '0\n', stderr: '' });
});
