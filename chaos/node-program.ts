import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const loader = fileURLToPath(new URL('../scripts/load-typescript.js', import.meta.url));

type OnLine = (line: Record<string, unknown>) => void;

/**
 * Runs a module of the programme in a process of its own and hands on each line of JSON that it prints; rejects if it fails, or prints
 * nothing for `silenceMs`.
 */
export async function runProgram(module: URL, argument: unknown, onLine: OnLine, silenceMs = Infinity): Promise<void> {
  const flags = ['--max-semi-space-size=64', '--no-warnings', '--import', loader];
  const child = spawn(process.execPath, [...flags, fileURLToPath(module), JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'pipe'] });
  dieWithUs(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  const closed = once(child, 'close');
  const silence = silenceMs === Infinity ? undefined : setTimeout(() => child.kill('SIGKILL'), silenceMs);
  for await (const line of createInterface({ input: child.stdout })) {
    silence?.refresh();
    onLine(JSON.parse(line) as Record<string, unknown>);
  }
  clearTimeout(silence);
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${fileURLToPath(module)} ended with ${code ?? signal}:\n${errors}`);
}

/** No process is left behind, however this one ends by itself. */
export function dieWithUs(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}
