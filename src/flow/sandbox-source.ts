/**
 * The program of a sandbox worker. It is text because a worker needs a file of its own, and there is none that runs
 * both from the sources and from the package. It imports nothing of ours.
 */
export const sandboxSource = String.raw`
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const load = require('node:module').createRequire(workerData.base);

// Expressions see the time of the Engine's clock. The time limit is kept outside, by ending this thread.
let now = 0;
const HostDate = Date;
globalThis.Date = class Date extends HostDate {
  constructor(...parts) { parts.length === 0 ? super(now) : super(...parts); }
  static now() { return now; }
};

const cacheSize = 500;
function cached(create) {
  const entries = new Map();
  return (text) => {
    let entry = entries.get(text);
    if (entry === undefined) {
      entry = create(text);
      if (entries.size >= cacheSize) entries.delete(entries.keys().next().value);
      entries.set(text, entry);
    }
    return entry;
  };
}

const jsonata = load('jsonata');
const expression = cached((text) => jsonata(text, { stack: workerData.maxStack }));

const { Ajv2020 } = load('ajv/dist/2020.js');
const ajv = new Ajv2020({ allErrors: false, strict: false, addUsedSchema: false });
load('ajv-formats').default(ajv);
const schema = cached((text) => {
  const parsed = JSON.parse(text);
  const check = ajv.compile(parsed);
  ajv.removeSchema(parsed);
  return check;
});

const jobs = {
  async evaluate({ text, data }) {
    return JSON.stringify(await expression(text).evaluate(data === undefined ? undefined : JSON.parse(data)));
  },
  async validate({ text, data }) {
    const check = schema(text);
    // It would answer with a promise, which is true, and which nobody here would wait for.
    if (check.$async) throw new Error('"$async" is not supported');
    if (check(data === undefined ? undefined : JSON.parse(data))) return '[]';
    return JSON.stringify(check.errors.map((error) => ({
      pointer: error.instancePath,
      message: error.message + (error.params.additionalProperty ? ' ("' + error.params.additionalProperty + '")' : ''),
    })));
  },
};

async function answerTo(job) {
  try {
    const value = await jobs[job.kind](job);
    if (value !== undefined && value.length > workerData.maxResult) {
      throw new Error('the result has ' + value.length + ' characters; the limit is ' + workerData.maxResult);
    }
    return { value };
  } catch (error) {
    return { problem: String((error && error.message) || error), code: error && error.code };
  }
}

parentPort.on('message', async (job) => {
  now = job.now;
  const answer = await answerTo(job);
  // An expression may fail in one branch while others go on. What they do counts as its own time, not as that of the next job.
  setImmediate(() => parentPort.postMessage(answer));
});
parentPort.postMessage('ready');
`;
