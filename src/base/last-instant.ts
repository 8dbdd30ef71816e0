/** The last instant that a Date can say, and with its sign the first. */
export const lastInstant = 8.64e15;
