import { styleText } from 'node:util';

const stages = [
  ['checked', 'checked'],
  ['reserved', 'in stock'],
  ['paid', 'paid'],
  ['packing', 'at the warehouse'],
  ['shipped', 'shipped'],
];
const barWidth = 40;
const recentLines = 6;

/** Shows a day's orders: bars that move on a terminal, one line per fact anywhere else. */
export function createView({ total, output = process.stdout, now = Date.now }) {
  const startedAt = now();
  const since = () => `${((now() - startedAt) / 1000).toFixed(2).padStart(6)} s`;
  return output.isTTY && !process.env.CI ? terminalView({ total, output, since }) : plainView({ output, since });
}

function plainView({ output, since }) {
  return {
    progress: (order, { stage, text }) => output.write(`${since()}  ${order.id.padEnd(10)} ${stage.padEnd(9)} ${text}\n`),
    note: (text) => output.write(`${since()}  ${text}\n`),
    end() {},
  };
}

function terminalView({ total, output, since }) {
  const reached = new Map(stages.map(([stage]) => [stage, new Set()]));
  const recent = [];
  let drawn = 0;
  let timer;

  function draw() {
    timer = undefined;
    const width = (output.columns || 80) - 1;
    const bars = stages.map(([stage, label]) => bar(label, reached.get(stage).size, total));
    const lines = [...bars, '', ...recent.map((line) => styleText('dim', cut(line, width)))];
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    output.write(`${up}\x1b[0J${lines.join('\n')}\n`);
    drawn = lines.length;
  }
  const soon = () => (timer ??= setTimeout(draw, 60));

  return {
    progress(order, { stage, text }) {
      reached.get(stage)?.add(order.id);
      recent.push(`${since()}  ${order.id} ${stage}: ${text}`);
      if (recent.length > recentLines) recent.shift();
      soon();
    },
    /** A note stays on the screen, above the bars. */
    note(text) {
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      output.write(`${up}\x1b[0J${styleText('bold', `${since()}  ${text}`)}\n`);
      drawn = 0;
      draw();
    },
    end() {
      clearTimeout(timer);
      recent.length = 0;
      draw();
    },
  };
}

function bar(label, count, total) {
  const filled = Math.round((barWidth * count) / total);
  const done = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `  ${label.padEnd(17)} ${styleText('green', done)} ${String(count).padStart(String(total).length)}/${total}`;
}

function cut(text, width) {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
