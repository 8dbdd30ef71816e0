import { createServer } from 'node:http';
import { getWorld } from 'workflow/runtime';

const favouritePort = 7295;

/** Serves a plain page of runs and, for each run, of its events. Only this machine can reach it. */
export async function serveRunsPage() {
  const server = createServer((request, response) => {
    answer(new URL(request.url, 'http://localhost').pathname)
      .then(({ status, html }) => response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html))
      .catch((error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.message}\n`));
  });
  const wanted = Number(process.env.PORT ?? favouritePort);
  await listen(server, wanted).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(server, 0);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(path) {
  if (path === '/') return { status: 200, html: await runsPage() };
  const runId = /^\/runs\/([A-Za-z0-9_-]+)$/.exec(path)?.[1];
  if (!runId) return notFound(path);
  try {
    return { status: 200, html: await eventsPage(runId) };
  } catch (error) {
    if (error.name !== 'WorkflowRunNotFoundError') throw error;
    return notFound(path);
  }
}

async function runsPage() {
  const { data, hasMore } = await getWorld().runs.list({ resolveData: 'none', pagination: { limit: 200 } });
  const rows = data.map((run) => [
    `<a href="/runs/${escape(run.runId)}">${escape(run.runId)}</a>`,
    escape(run.workflowName.split('//').at(-1)),
    state(run.status),
    time(run.createdAt),
    run.completedAt ? `${run.completedAt - run.createdAt} ms` : '',
  ]);
  const count = hasMore ? `the newest ${data.length}` : data.length;
  return page('Runs', `<h1>Runs <small>${count}</small></h1>${table(['run', 'workflow', 'state', 'started', 'took'], rows)}`);
}

async function eventsPage(runId) {
  const world = getWorld();
  const run = await world.runs.get(runId, { resolveData: 'none' });
  const { data } = await world.events.list({ runId, resolveData: 'none', pagination: { limit: 1000 } });
  const rows = data.map((event, index) => [
    String(index + 1),
    escape(event.eventType),
    escape(event.eventData?.stepName?.split('//').at(-1) ?? event.eventData?.token ?? ''),
    escape(event.correlationId ?? ''),
    `+${event.createdAt - run.createdAt} ms`,
  ]);
  const error = run.error ? `<p class="failed">${escape(run.error.message)}</p>` : '';
  const head = `<p><a href="/">All runs</a></p><h1>${escape(run.workflowName.split('//').at(-1))} ${state(run.status)}</h1>`;
  return page(runId, `${head}<p><code>${escape(runId)}</code></p>${error}${table(['', 'event', 'of', 'id', 'at'], rows)}`);
}

function notFound(path) {
  return { status: 404, html: page('Not found', `<h1>Not found</h1><p>${escape(path)}</p><p><a href="/">All runs</a></p>`) };
}

function page(title, body) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pawl · ${escape(title)}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% } td, th { padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid #8884 }
  td { font-variant-numeric: tabular-nums } small { font-weight: normal; opacity: .6 }
  .completed { color: #1a7f37 } .failed, .cancelled { color: #c62828 } .running, .pending { color: #9a6700 }
</style></head><body>${body}</body></html>
`;
}

function table(titles, rows) {
  const head = titles.map((title) => `<th>${title}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function state(status) {
  return `<span class="${escape(status)}">${escape(status)}</span>`;
}

function time(date) {
  return escape(date.toISOString().slice(11, 19));
}

function escape(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return String(text).replace(/[&<>"']/g, (letter) => entities[letter]);
}
