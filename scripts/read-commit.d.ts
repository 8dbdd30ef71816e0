/** The commit of the working tree, with a `+` where one of these folders or files has changed since; undefined outside of a repository. */
export function readCommit(paths: readonly string[]): string | undefined;
