/** What is known of a stream that this process writes to. */
interface Output {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Whoever reads a stream may go away before its end, as `head` does: then `then` is called, and nobody is told of an error. */
export function outliveReaders(output: Output, then: () => void): void {
  output.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    then();
  });
}
