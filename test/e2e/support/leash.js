// Runs the command given as arguments in a process group of its own, and kills the whole group when stdin closes. So a command that
// starts further processes leaves none behind, even when the test process is killed.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
child.once('exit', (code) => process.exit(code ?? 1));

process.stdin.resume().once('end', () => {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
});
