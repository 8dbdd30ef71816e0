import type { Event, Step, WorkflowRun } from '@workflow/world';
import { parse, stringify } from 'devalue';

export type RunResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: HostErrorShape };

export interface HostErrorShape {
  readonly name: string;
  readonly message: string;
  /** Of an error of the World. */
  readonly status?: number;
  readonly cause?: { readonly name?: string; readonly message?: string; readonly code?: string };
}

export interface StreamPosition {
  readonly startIndex?: number;
  readonly namespace?: string;
}

/** An error that the Workflow SDK or the World threw inside a host, with its name kept. */
export class HostError extends Error {
  readonly status: number | undefined;

  constructor({ name, message, status }: HostErrorShape) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** What a test can ask of a host process, over HTTP. */
export class HostApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async start(workflow: string, args: readonly unknown[] = []): Promise<string> {
    const { runId } = await this.#post<{ runId: string }>('/start', { workflow, args });
    return runId;
  }

  /** Makes a worker of a host that stands by. */
  async work(): Promise<void> {
    const { status } = await fetch(`${this.url}/work`, { method: 'POST' });
    if (status !== 204) throw new Error(`The host answered ${status} when it was told to work.`);
  }

  /** Sets the clock of the host on or back, and tells what it shows then. */
  async jumpClock(jumpMs: number): Promise<{ now: number }> {
    return await this.#post('/clock', { jumpMs });
  }

  /** The memory that the host needs, in bytes, right after its garbage was collected. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    return await this.#get('/memory');
  }

  async runs(): Promise<WorkflowRun[]> {
    return await this.#get('/runs');
  }

  async run(runId: string): Promise<WorkflowRun> {
    return await this.#get(`/runs/${runId}`);
  }

  /** The run as it is stored, with its input and output. */
  async rawRun(runId: string): Promise<WorkflowRun> {
    return await this.#get(`/runs/${runId}/raw`);
  }

  async events(runId: string, data: 'none' | 'all' = 'none'): Promise<Event[]> {
    return await this.#get(`/runs/${runId}/events?data=${data}`);
  }

  async steps(runId: string): Promise<Step[]> {
    return await this.#get(`/runs/${runId}/steps`);
  }

  async result(runId: string): Promise<RunResult> {
    return await this.#get(`/runs/${runId}/result`);
  }

  async cancel(runId: string): Promise<void> {
    await this.#post(`/runs/${runId}/cancel`, {});
  }

  async wake(runId: string, correlationIds?: readonly string[]): Promise<{ stoppedCount: number }> {
    return await this.#post(`/runs/${runId}/wake`, { correlationIds });
  }

  async resume(token: string, payload: unknown): Promise<{ runId: string; hookId: string }> {
    return await this.#post(`/hooks/${encodeURIComponent(token)}`, payload);
  }

  async hook(token: string): Promise<{ runId: string; hookId: string; metadata: unknown }> {
    return await this.#get(`/hooks/${encodeURIComponent(token)}`);
  }

  async streams(runId: string): Promise<string[]> {
    return await this.#get(`/runs/${runId}/streams`);
  }

  async streamTail(runId: string): Promise<number> {
    return await this.#get(`/runs/${runId}/stream/tail`);
  }

  /** Opens a stream at once, yields its chunks as they come, and ends when the stream is closed. */
  async stream(runId: string, { startIndex, namespace }: StreamPosition = {}): Promise<AsyncGenerator> {
    const query = new URLSearchParams();
    if (startIndex !== undefined) query.set('startIndex', String(startIndex));
    if (namespace !== undefined) query.set('namespace', namespace);
    const response = await fetch(`${this.url}/runs/${runId}/stream?${query.toString()}`);
    if (response.body === null) throw new Error(`The host answered ${response.status} without a body.`);
    return chunks(response.body);
  }

  /** All chunks of a stream from a position on; resolves when the stream is closed. */
  async readStream(runId: string, position?: StreamPosition): Promise<unknown[]> {
    const all: unknown[] = [];
    for await (const chunk of await this.stream(runId, position)) all.push(chunk);
    return all;
  }

  async #get<T>(path: string): Promise<T> {
    return await parseAnswer<T>(await fetch(`${this.url}${path}`));
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    return await parseAnswer<T>(await fetch(`${this.url}${path}`, { method: 'POST', body: stringify(body) }));
  }
}

async function parseAnswer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.status === 200) return parse(text) as T;
  if (response.status === 500) throw new HostError(parse(text) as HostErrorShape);
  throw new Error(`The host answered ${response.status}: ${text}`);
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const bytes of body) {
    const lines = (pending + decoder.decode(bytes, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) yield parse(line) as unknown;
  }
}
