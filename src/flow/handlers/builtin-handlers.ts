import type { StepHandler } from '../types.ts';
import { codeHandler } from './code.ts';
import { conditionalHandler } from './conditional.ts';
import { delayHandler } from './delay.ts';
import { httpHandler, type HttpHandlerOptions } from './http.ts';
import { logHandler } from './log.ts';
import { mapHandler } from './map.ts';
import { parallelHandler } from './parallel.ts';
import { subflowHandler } from './subflow.ts';
import { switchHandler } from './switch.ts';
import { transformHandler } from './transform.ts';
import { waitHandler } from './wait.ts';

export interface BuiltinHandlerOptions {
  readonly http?: HttpHandlerOptions;
}

/** The handlers every flow can name: http delay transform conditional switch wait subflow parallel map log code. */
export function builtinHandlers({ http }: BuiltinHandlerOptions = {}): StepHandler[] {
  return [
    httpHandler(http),
    delayHandler,
    transformHandler,
    conditionalHandler,
    switchHandler,
    waitHandler,
    subflowHandler,
    parallelHandler,
    mapHandler,
    logHandler,
    codeHandler,
  ];
}
