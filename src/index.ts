export { createWorld, type CreateWorldOptions, type PawlWorld } from './connect/create-world.ts';
export { systemClock, type Clock } from './base/clock.ts';
export type { Logger } from './base/logger.ts';
