import { systemClock } from '../base/clock.ts';
import { shownUrl } from '../base/shown-url.ts';
import { readSchemaStatus } from '../connect/schema-status.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { withProgress } from './progress.ts';
import { type Session, settingsOf, withStore } from './session.ts';

export interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Brings the schema up to this version of Pawl, as the first call of a World would. */
export async function migrate(session: Session, { dryRun = false, json = false }: MigrateOptions): Promise<ExitCode> {
  const settings = settingsOf(session);
  const before = await readSchemaStatus(settings, systemClock);
  if (!dryRun)
    await withProgress(
      session,
      'for the migration',
      withStore(session, async () => {}),
    );
  const { version } = dryRun ? before : await readSchemaStatus(settings, systemClock);
  const { pending, newest } = before;
  if (json) {
    session.out(JSON.stringify({ url: shownUrl(settings.url), dryRun, from: before.version, to: version, newest, migrations: pending }));
    return exitCodes.done;
  }
  const where = shownUrl(settings.url);
  if (pending.length === 0) session.out(`The schema of ${where} is up to date (version ${version}).`);
  else if (dryRun) session.out(`The schema of ${where} has version ${version} of ${newest}. To be done: ${pending.join(', ')}.`);
  else session.out(`The schema of ${where} has version ${version} now. Done: ${pending.join(', ')}.`);
  return exitCodes.done;
}
