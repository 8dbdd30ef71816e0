import type { z } from 'zod';
import type { Scope } from '../operate/caller.ts';
import type { Operator } from '../operate/operator.ts';
import type { ServerEvent } from './sse.ts';

/** What a handler is given: everything parsed, and the operator in the caller's name. */
export interface RouteInput<P, Q, H, B> {
  readonly operator: Operator;
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  readonly auth: 'none' | 'token';
}

/** What a handler is given that reads the body as it arrived; any other has only what it declares. */
interface WithRequest {
  readonly request: Request;
}

export type Answer =
  | { readonly status?: 200 | 201 | 202; readonly json: unknown }
  | { readonly events: (signal: AbortSignal) => AsyncGenerator<ServerEvent, void, void> }
  | { readonly response: Response };

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below the prefix of the API, as `/runs/:id`. */
  readonly path: string;
  /** For OpenAPI: the name of the operation, unique. */
  readonly id: string;
  readonly tag: 'Runs' | 'Actions' | 'Flows' | 'Triggers' | 'System';
  readonly summary: string;
  /** `anyone`: whoever has a token at all. `public`: it asks for a secret of its own, such as a resume token. */
  readonly access: Scope | 'anyone' | 'public';
  /** What the audit log calls it, as `run.cancel`; for whatever changes something. What it is done to is `id` of the path. */
  readonly act?: string;
  /** With which part of the API it may be exposed alone. */
  readonly exposed?: 'resume' | 'triggers';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** The headers that it reads, by their names as they are documented. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The handler reads the body as it arrived. */
  readonly rawBody?: boolean;
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType; readonly events?: boolean }>>;
  readonly handle: (input: RouteInput<never, never, never, never> & WithRequest) => Promise<Answer>;
}

type Shape<S> = S extends z.ZodType ? z.output<S> : undefined;

/** Declares a route: the same schemas check what comes in, and describe it in OpenAPI. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends true | undefined = undefined,
>(
  route: Omit<Route, 'params' | 'query' | 'headers' | 'body' | 'rawBody' | 'handle'> & {
    readonly params?: P;
    readonly query?: Q;
    readonly headers?: H;
    readonly body?: B;
    readonly rawBody?: R;
    readonly handle: (
      input: RouteInput<Shape<P>, Shape<Q>, Shape<H>, Shape<B>> & (R extends true ? WithRequest : unknown),
    ) => Promise<Answer>;
  },
): Route {
  return route as unknown as Route;
}
