/** What went wrong in the words of the server (RFC 9457), or in ours when there was no server to say it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }

  static unreachable(cause: unknown): Problem {
    return new Problem(0, 'UNREACHABLE', 'The server cannot be reached. It may be restarting; this page tries again.', { cause });
  }

  /** The problem that an answer which is not a success tells of, whether or not it is a problem document. */
  static async of(response: Response): Promise<Problem> {
    const text = await response.text().catch(() => '');
    const body = parseRecord(text);
    const said = [body?.['detail'], body?.['title'], body?.['message']].find(
      (each): each is string => typeof each === 'string' && each !== '',
    );
    const code = typeof body?.['code'] === 'string' ? body['code'] : `HTTP_${response.status}`;
    return new Problem(response.status, code, said ?? `The server answered ${response.status} ${response.statusText}`.trim());
  }

  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return new Problem(0, 'UNEXPECTED', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
