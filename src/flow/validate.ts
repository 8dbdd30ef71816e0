import { createRequire } from 'node:module';
import { invalidFlow } from './errors.ts';
import { flowSchema } from './flow-schema.ts';
import { hostileProblems } from './hostile-problems.ts';
import { compileProblem, schemaProblem } from './json-schema.ts';
import type { HandlerRegistry } from './ports.ts';
import { unreachableSteps } from './reachability.ts';
import { hostileKeys, pathProblem } from './safe-path.ts';
import { seal } from './seal.ts';
import { checkSchemaNow, isStandardSchema, toJsonSchema } from './standard-schema.ts';
import { escapePointer, templateProblems } from './template.ts';
import type { Flow, FlowProblem, StepHandler } from './types.ts';

export interface ValidateOptions {
  /** If given, unknown handler types and configs that do not fit are problems too. */
  readonly handlers?: HandlerRegistry;
}

interface Checks extends ValidateOptions {
  /** It was registered once: what an older release let pass, it still runs. */
  readonly stored?: boolean;
}

/**
 * Everything wrong with a flow, each problem at its JSON pointer; empty if nothing is. Takes anything, so that it can
 * be given a parsed file (flow.md §2).
 */
export function validateFlow(flow: unknown, options: ValidateOptions = {}): readonly FlowProblem[] {
  return check(flow, options).problems;
}

interface Checked {
  /** As it would be stored. */
  readonly flow: unknown;
  readonly problems: readonly FlowProblem[];
}

function check(given: unknown, checks: Checks): Checked {
  const { flow, problems } = withJsonSchema(given);
  return { flow, problems: [...problems, ...problemsOf(flow, checks)] };
}

function problemsOf(flow: unknown, checks: Checks): readonly FlowProblem[] {
  const hostile = hostileProblems(flow);
  // Beyond this point everything is walked by plain recursion and plain keys.
  if (hostile.length > 0) return hostile;
  const shape = shapeProblems(flow);
  return isRecord(flow) ? [...shape, ...graphProblems(flow), ...detailProblems(flow, checks)] : shape;
}

/** A frozen copy of a valid flow; throws one INVALID_FLOW with all problems. */
export function parseFlow(given: unknown, checks: Checks = {}): Flow {
  const { flow, problems } = check(given, checks);
  const { id } = claimedName(flow);
  if (problems.length > 0) throw invalidFlow(id, problems);
  const { $schema: _, ...rest } = flow as Flow & { $schema?: string };
  return seal(rest, { what: `flow "${id}"`, code: 'INVALID_FLOW' });
}

/** What something that was not validated yet calls itself. It may have anything there, also what cannot be written as text. */
export function claimedName(flow: unknown): { readonly id: string; readonly version: string } {
  const { id, version } = isRecord(flow) ? flow : {};
  return { id: typeof id === 'string' ? id : 'unnamed', version: typeof version === 'string' ? version : 'unknown' };
}

/** A flow is stored as JSON, so a Standard Schema for its input becomes the JSON Schema of that, if there is one. */
function withJsonSchema(flow: unknown): Checked {
  if (!isRecord(flow) || !isStandardSchema(flow.inputSchema)) return { flow, problems: [] };
  try {
    return { flow: { ...flow, inputSchema: toJsonSchema(flow.inputSchema) }, problems: [] };
  } catch (error) {
    // What else is wrong is told too.
    return { flow: { ...flow, inputSchema: true }, problems: [{ pointer: '/inputSchema', message: (error as Error).message }] };
  }
}

function shapeProblems(flow: unknown): FlowProblem[] {
  const parsed = flowSchema.safeParse(flow);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => ({
    pointer: path.map((part) => `/${escapePointer(String(part))}`).join(''),
    message,
  }));
}

/** Where steps lead: checked on whatever has the shape for it, so that one mistake does not hide another. */
function graphProblems(flow: Record<string, unknown>): FlowProblem[] {
  if (!isRecord(flow.steps)) return [];
  const { steps } = flow;
  const problems: FlowProblem[] = [];
  const expectStep = (pointer: string, target: unknown) => {
    if (typeof target !== 'string' || Object.hasOwn(steps, target)) return;
    problems.push({ pointer, message: `there is no step "${target}"` });
  };
  const onCancel = isRecord(flow.metadata) ? flow.metadata.onCancel : undefined;
  expectStep('/initialStepId', flow.initialStepId);
  if (onCancel !== undefined && typeof onCancel !== 'string') {
    problems.push({ pointer: '/metadata/onCancel', message: 'must be the id of a step' });
  }
  expectStep('/metadata/onCancel', onCancel);
  for (const [id, step] of Object.entries(steps)) {
    if (!isRecord(step)) continue;
    const pointer = `/steps/${escapePointer(id)}`;
    if (typeof step.id === 'string' && step.id !== id) {
      problems.push({ pointer: `${pointer}/id`, message: `must be the same as its key, "${id}"` });
    }
    if (!isRecord(step.transitions)) continue;
    for (const [name, target] of Object.entries(step.transitions)) expectStep(`${pointer}/transitions/${name}`, target);
  }
  const rooted = typeof flow.initialStepId === 'string' && Object.hasOwn(steps, flow.initialStepId);
  return rooted ? [...problems, ...unreachableSteps(steps, [flow.initialStepId, onCancel])] : problems;
}

function detailProblems(flow: Record<string, unknown>, { handlers, stored = false }: Checks): FlowProblem[] {
  const inputProblems = (selector: unknown, pointer: string) => [
    ...selectorProblems(selector, pointer),
    ...(stored ? [] : absentProblems(selector, pointer)),
  ];
  const problems: FlowProblem[] = [];
  if (flow.inputSchema !== undefined) {
    const problem = stored ? compileProblem(flow.inputSchema) : schemaProblem(flow.inputSchema);
    if (problem !== undefined) problems.push({ pointer: '/inputSchema', message: problem });
  }
  problems.push(...inputProblems(flow.output, '/output'));
  for (const [id, step] of Object.entries(isRecord(flow.steps) ? flow.steps : {})) {
    if (!isRecord(step)) continue;
    const pointer = `/steps/${escapePointer(id)}`;
    problems.push(...inputProblems(step.input, `${pointer}/input`), ...keyProblems(step.outputKey, `${pointer}/outputKey`));
    problems.push(...retryProblems(step.retries, `${pointer}/retries`));
    if (handlers && typeof step.type === 'string') {
      problems.push(...handlerProblems(handlers, step as { type: string; config?: unknown }, flow as unknown as Flow, pointer));
    }
  }
  return problems;
}

function selectorProblems(selector: unknown, pointer: string): FlowProblem[] {
  if (!isRecord(selector)) return [];
  switch (selector.type) {
    case 'path':
      return keyProblems(selector.path, `${pointer}/path`);
    case 'key':
      return hostileKeyProblems(selector.key, `${pointer}/key`);
    case 'keys':
      if (!Array.isArray(selector.keys)) return [];
      return selector.keys.flatMap((key, index) => hostileKeyProblems(key, `${pointer}/keys/${index}`));
    case 'template':
      return templateProblems(selector.template, `${pointer}/template`);
    case 'expression':
      return expressionProblems(selector.expression, `${pointer}/expression`);
    default:
      return [];
  }
}

/** Anything may stand there, so the schema cannot tell that nothing does. */
function absentProblems(selector: unknown, pointer: string): FlowProblem[] {
  if (!isRecord(selector)) return [];
  const key = selector.type === 'static' ? 'value' : 'template';
  const isAbsent = (selector.type === 'static' || selector.type === 'template') && selector[key] === undefined;
  return isAbsent ? [{ pointer: `${pointer}/${key}`, message: 'is missing' }] : [];
}

function keyProblems(path: unknown, pointer: string): FlowProblem[] {
  const message = typeof path === 'string' && path !== '' ? pathProblem(path) : undefined;
  return message === undefined ? [] : [{ pointer, message }];
}

function hostileKeyProblems(key: unknown, pointer: string): FlowProblem[] {
  if (typeof key !== 'string' || !hostileKeys.has(key)) return [];
  return [{ pointer, message: `the key "${key}" is never allowed` }];
}

const load = createRequire(import.meta.url);

/** Why an expression is not JSONata. Only its syntax is read here; it is evaluated in the sandbox. */
export function expressionProblems(expression: unknown, pointer: string): FlowProblem[] {
  if (typeof expression !== 'string' || expression === '' || expression.length > 10_000) return [];
  try {
    (load('jsonata') as typeof import('jsonata'))(expression);
    return [];
  } catch (error) {
    return [{ pointer, message: `not a JSONata expression: ${(error as Error).message}` }];
  }
}

function retryProblems(retries: unknown, pointer: string): FlowProblem[] {
  if (!isRecord(retries)) return [];
  const { initialDelay, maxDelay } = retries;
  if (typeof initialDelay !== 'number' || typeof maxDelay !== 'number' || initialDelay <= maxDelay) return [];
  return [{ pointer: `${pointer}/maxDelay`, message: 'must not be less than initialDelay' }];
}

function handlerProblems(handlers: HandlerRegistry, step: { type: string; config?: unknown }, flow: Flow, pointer: string): FlowProblem[] {
  const handler = handlers.get(step.type);
  if (!handler) return [{ pointer: `${pointer}/type`, message: `there is no handler "${step.type}"` }];
  const config = step.config ?? {};
  if (!isRecord(config)) return [];
  const at = (problem: FlowProblem) => ({ ...problem, pointer: `${pointer}/config${problem.pointer}` });
  return configProblems(handler, config, flow).map(at);
}

function configProblems(handler: StepHandler, config: Record<string, unknown>, flow: Flow): readonly FlowProblem[] {
  const { checkConfig, configSchema } = handler.metadata ?? {};
  if (checkConfig) return checkConfig(config, flow);
  return configSchema === undefined ? [] : checkSchemaNow(configSchema, config);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
