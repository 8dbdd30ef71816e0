import type { Command } from 'commander';
import { addCommand, addGroup, type End } from './add-command.ts';
import { parseJson, parseObject } from './parse-arguments.ts';
import type { Session } from './session.ts';

/** `pawl flow …`, and `pawl resume`. */
export function addFlowCommands(program: Command, session: Session, end: End): void {
  const flow = addGroup(program, 'flow', {
    description: 'Check, register and start flows written as JSON.',
    example: 'pawl flow check order.flow.json',
  });

  addCommand(flow, 'check <file...>', {
    description: 'Say everything that is wrong with flows in files; exit code 3 if anything is. Opens no database.',
    example: 'pawl flow check order.flow.json --handlers ./handlers.js',
  })
    .option('--handlers <module>', 'a module that exports your handlers; without it unknown types are left to the workers')
    .action(async (files: string[], options) => end(await (await import('./flow-check.ts')).flowCheck(session, files, options)));

  addCommand(flow, 'register <file...>', {
    description: 'Keep flows in the database, so that every worker with their handlers can run them.',
    example: 'pawl flow register order.flow.json',
  })
    .option('--handlers <module>', 'a module that exports your handlers; without it unknown types are left to the workers')
    .action(async (files: string[], options) => end(await (await import('./flow-register.ts')).flowRegister(session, files, options)));

  addCommand(flow, 'start <flow>', {
    description: 'Start an execution of a registered flow: its newest version, or <flow>@<version>.',
    example: `pawl flow start order@1.2.0 --input '{ "items": [] }' --wait`,
  })
    .option('--input <json>', 'the context that it begins with, an object', parseObject)
    .option('--input-file <file>', 'the same out of a file')
    .option('--key <key>', 'idempotency key: while it lives, the execution that has it is found instead')
    .option('--tenant <id>', 'whom it belongs to')
    .option('--wait', 'wait for its end and print its output; exit code 3 if it did not complete')
    .action(async (name: string, options) => end(await (await import('./flow-start.ts')).flowStart(session, name, options)));

  addCommand(program, 'resume [run]', {
    description: 'Give a run what it waits for: by its id, or by the token of a hook.',
    example: `pawl resume wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE --data '{ "approved": true }'`,
  })
    .option('--token <token>', 'the token instead of a run; - reads it from stdin, so that no shell remembers it')
    .option('--hook <id>', 'which hook of the run, if it waits for several')
    .option('--data <json>', 'what it is given', parseJson)
    .action(async (runId: string | undefined, options) => end(await (await import('./resume.ts')).resume(session, runId, options)));
}
