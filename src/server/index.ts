export { createServer, type FetchInfo, type PawlServer, type ServerOptions } from './create-server.ts';
export { listen, nodeListener, type Listening } from './listen.ts';
export type { Authenticate } from './authenticate.ts';
export { parseTokens, type ApiToken } from './tokens.ts';
export type { Caller, Scope } from '../operate/caller.ts';
export type { Redact, RedactContext } from '../operate/operator.ts';
export type * from './api-types.ts';
