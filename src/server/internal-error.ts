import { describeError, type Logger } from '../base/logger.ts';
import { newUlid } from '../base/ulid.ts';
import { systemClock } from '../base/clock.ts';
import { problemOf, problemResponse, toProblem } from './problem.ts';

/** Answers whatever was thrown: what is known as what it is, the rest with the number of its line in the log, and nothing of what it says. */
export function reportedErrors(logger: Logger): (error: unknown, path: string) => Response {
  return (error, path) => {
    const known = toProblem(error, path);
    if (known) {
      if (known.document.status >= 500) logger.warn(`${path} failed: ${describeError(error)}`);
      return problemResponse(known.document, known.headers);
    }
    const incident = newUlid(systemClock.now());
    logger.error(`${path} failed (${incident}): ${describeError(error)}`, { stack: (error as Error | undefined)?.stack });
    return problemResponse(
      problemOf(500, 'INTERNAL', `Something unforeseen went wrong; the log of the server has it as ${incident}.`, path),
    );
  };
}
