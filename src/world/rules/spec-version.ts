/** The newest protocol of the SDK that this World speaks (spec/world.md A4). */
export const specVersion = 3;

/** The last version of the SDK that mutated entities instead of appending events. */
export const lastLegacySpecVersion = 1;
