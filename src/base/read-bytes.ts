/** The bytes of a request; undefined where there are more than so many, which are not read on. Throws if the body ends before it is complete. */
export async function readBytes(request: Request, most: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return undefined;
  if (!request.body) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      // Counted, for what comes in chunks declares no length.
      if (size > most) return undefined;
      chunks.push(value);
    }
  } finally {
    // What is left of it is nobody's to read any more.
    reader.cancel().catch(() => {});
  }
}
