// For drivers of lastcommit in Node 18 or newer: a class with the operations
// that the store has, and serve().
//
//   const { serve, NotFound } = require('./lastcommit-driver');
//   class Store { open(path) {} close() {} put(key, value) {} ... state() {} }
//   serve(Store, { store: 'my-store', promise: 'process' });
//
// It is a store of keys with values, or has one of these:
//
//   static dialect = 'checkpoints';  // or 'log'
//   static dialect = 'queue';  // and static refusesLate = true, if it does
//   static operations = { deposit: { account: { kind: 'name', count: 5 },
//                                    note: { kind: 'text' } } };
//   static queries = { balance: { account: { kind: 'name', count: 5 } } };
//
// ARGUMENTS below has the arguments of each method, in their order. What is not
// given is undefined. Methods of a store's own operations get one object. A
// value is a text, or a Buffer where bytes are asked for.
//
// Each method returns, or gives a promise of, its answer when the caller may
// rely on what it did, and throws Refused or one of its classes otherwise.
// docs/driver-protocol.md says what goes over the descriptors 3 and 4.

'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const ARGUMENTS = {
  pairs: { put: ['key', 'value'], delete: ['key'], get: ['key'] },
  checkpoints: {
    put: ['thread', 'ns', 'checkpoint', 'parent', 'value'],
    put_writes: ['thread', 'ns', 'checkpoint', 'task', 'writes'],
    get: ['thread', 'ns', 'checkpoint'],  // { parent, value, writes }
    put_bytes: ['thread', 'ns', 'checkpoint', 'task', 'writes'],
    put_step: ['thread', 'ns', 'checkpoint', 'parent', 'value', 'task',
               'writes'],
    delete_thread: ['thread'],
  },
  queue: {
    enqueue: ['job', 'value', 'now'],
    complete: ['job', 'worker', 'now'],
    claim: ['worker', 'now', 'lease'],  // [job, value] or null
    claim_waiting: ['worker', 'now'],
    enqueue_batch: ['jobs', 'now'],  // [job, value] each
    complete_late: ['job', 'worker', 'now'],
    fail: ['job', 'worker', 'now'],
    release: ['job', 'worker', 'now'],
    requeue: ['lease', 'now'],
  },
  log: { append: ['entry'], append_batch: ['entries'],  // the last number
         read: ['after', 'limit'], trim: ['to'] },  // [number, entry] each
  own: {},
};
const MUST = { pairs: ['put', 'delete', 'get'],
               checkpoints: ['put', 'put_writes', 'get'],
               queue: ['enqueue', 'complete'], log: ['append'], own: [] };
const CONTROLS = ['begin', 'commit', 'rollback', 'savepoint', 'release',
                  'rollback_to'];

// What a store throws instead of an answer.
class Refused extends Error {
  constructor(message, kind = 'refused') {
    super(message);
    this.kind = kind;
  }
}
class NotFound extends Refused {
  constructor(message) { super(message, 'not_found'); }
}

const has = (Store, name) => typeof Store.prototype[name] === 'function';
const dialectOf =
    (Store) => Store.dialect || (Store.operations ? 'own' : 'pairs');

// A queue has another release.
function controlsOf(Store) {
  return CONTROLS.slice(0, dialectOf(Store) === 'queue' ? 3 : 6)
      .filter((name) => has(Store, name));
}

function operationsOf(Store) {
  const own = (operations, changes) => Object.entries(operations || {}).map(
      ([name, kinds]) => ({
        name,
        changes,
        arguments: Object.entries(kinds).map(
            ([argument, kind]) => ({ name: argument, ...kind })),
      }));
  if (dialectOf(Store) === 'own') {
    return [...own(Store.operations, true), ...own(Store.queries, false)];
  }
  return Object.keys(ARGUMENTS[dialectOf(Store)]).filter(
      (name) => name === 'complete_late' ? Store.refusesLate :
                                           has(Store, name));
}

function hello(Store, options) {
  return {
    protocol: 1, store: options.store, dialect: dialectOf(Store),
    operations: operationsOf(Store), controls: controlsOf(Store),
    promise: options.promise || 'process',
    sqlite: options.sqlite || '', clients: options.clients || 1,
  };
}

// Bytes are written in base64.
function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== 'object') return value;
  return Buffer.from(value.base64, 'base64');
}
function toJson(value) {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) {
    return { base64: Buffer.from(value).toString('base64') };
  }
  return Array.isArray(value) ? value.map(toJson) : value;
}

// What is answered beside the number of the request.
async function answer(driver, request) {
  try {
    return await act(driver, request);
  } catch (error) {
    const isBusy = /^SQLITE_BUSY/.test(error.code) || error.errcode === 5;
    if (!isBusy && !(error instanceof Refused)) throw error;
    return { error: isBusy ? 'busy' : error.kind, message: error.message };
  }
}

async function act(driver, request) {
  const store = driver.store;
  const dialect = dialectOf(driver.Store);
  const names = ARGUMENTS[dialect][request.do];
  if (store === null && !['hello', 'open'].includes(request.do)) {
    throw new Refused('no store is open');
  }
  if (request.do === 'hello') return hello(driver.Store, driver.options);
  if (request.do === 'open') {
    const opened = new driver.Store();
    await opened.open(request.path);
    driver.store = opened;
  } else if (request.do === 'close') {
    driver.store = null;
    await store.close();
  } else if (request.do === 'state') {
    return { rows: (await store.state()).map(toJson) };
  } else if (request.do === 'rollback_to') {
    await store.rollback_to(request.up);
  } else if (names) {
    return valueOf(dialect, request.do, await store[
        request.do === 'complete_late' ? 'complete' : request.do](
        ...names.map((name) => fromJson(request[name]))));
  } else if (request.arguments) {
    await store[request.do](Object.fromEntries(
        Object.entries(request.arguments).map(
            ([name, value]) => [name, fromJson(value)])));
  } else if (CONTROLS.includes(request.do)) {
    await store[request.do]();
  } else {
    return { error: 'invalid', message: 'no such request' };
  }
  return {};
}

function valueOf(dialect, what, value) {
  if (dialect === 'checkpoints') {
    return what !== 'get' ? {} : { value: {
      parent: value.parent ?? null,
      value: toJson(value.value),
      writes: toJson(value.writes),
    } };
  }
  if (what.startsWith('claim')) return { value: value ?? null };
  if (['get', 'read'].includes(what)) return { value: toJson(value) };
  const types = what.startsWith('append') ? /number|bigint/ : /boolean/;
  return types.test(typeof value) ? { value: toJson(value) } : {};
}

function writeAll(descriptor, text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    bytes = bytes.subarray(fs.writeSync(descriptor, bytes));
  }
}

// ---- the self-test: without a crash, what lastcommit takes for granted ----

// Requests with their arguments, and what is answered: a value, rows, or the
// kind of an error; undefined: no error.
const error = (kind) => ({ error: kind });
const REOPEN = [['close', []], ['open', []]];
const TESTS = {
  pairs: [
    ['state', [], []], ['get', ['a'], error('not_found')],
    ['put', ['a', '1']], ['put', ['a', '2']], ['put', ['b\'"\u00e9', '']],
    ['get', ['a'], '2'], ['get', ['b\'"\u00e9'], ''],
    ['delete', ['a'], true], ['delete', ['a'], false],
    ...REOPEN, ['state', [], [['b\'"\u00e9', '']]],
    ['begin', []], ['put', ['t', '1']], ['get', ['t'], '1'],
    ['rollback', []], ['get', ['t'], error('not_found')],
    ['begin', []], ['begin', [], error('refused')], ['put', ['t', '2']],
    ['commit', []], ['get', ['t'], '2'], ['commit', [], error('refused')],
  ],
  checkpoints: [
    ['state', [], []], ['get', ['t', undefined, 'a'], error('not_found')],
    ['put', ['t', undefined, 'a', undefined, '1']],
    ['put', ['t', 'n', 'a', 'b', '2']],
    ['put_writes', ['t', undefined, 'a', 'k', ['3', '4']]],
    ['put_writes', ['t', undefined, 'a', 'k', ['5', '6', '7']]], ...REOPEN,
    ['state', [], [['checkpoint', 't', '', 'a', null, '1'],
                   ['checkpoint', 't', 'n', 'a', 'b', '2'],
                   ['write', 't', '', 'a', 'k', 0, '3'],
                   ['write', 't', '', 'a', 'k', 1, '4'],
                   ['write', 't', '', 'a', 'k', 2, '7']]],
    ['get', ['t', 'n', 'a'], { parent: 'b', value: '2', writes: [] }],
  ],
  queue: [
    ['state', [], []],
    ['enqueue', ['a', '1', 10]], ['enqueue', ['b', '2', 20]], ...REOPEN,
    ['state', [], [['waiting', 'a', '1'], ['waiting', 'b', '2']]],
  ],
  log: [
    ['state', [], [['next', 1]]], ['append', ['a'], 1], ['append', ['b'], 2],
    ['read', [1, 9], [[2, 'b']]], ['trim', [9]], ...REOPEN,
    ['append', ['c'], 3], ['append_batch', [['d', 'e']], 5],
  ],
  own: [['state', []], ...REOPEN, ['state', []]],
};

async function runTests(Store, file) {
  const driver = { Store, options: {}, store: null };
  const dialect = dialectOf(Store);
  for (const [what, values, expected] of [REOPEN[1], ...TESTS[dialect]]) {
    if (!has(Store, what)) continue;
    const request = { do: what, path: file };
    (ARGUMENTS[dialect][what] || []).forEach(
        (name, i) => { request[name] = values[i]; });
    const answered = await answer(driver, request);
    let given = answered.value;
    if (what === 'state' && dialect !== 'own') given = answered.rows?.sort();
    if (answered.error) given = error(answered.error);
    // What it need not say it may leave out.
    const isRight =
        JSON.stringify(given) === JSON.stringify(expected) ||
        (given === undefined && /boolean|number/.test(typeof expected));
    if (isRight) continue;
    console.log(`${what} of ${JSON.stringify(values)} gives`, given,
                'and has to give', expected);
    return 1;
  }
  await answer(driver, { do: 'close' });
  console.log('a correct store without crashes; controls:',
              controlsOf(Store).join(', ') || 'none');
  return 0;
}

async function selftest(Store) {
  const missing = ['open', 'close', 'state', ...MUST[dialectOf(Store)],
                   ...Object.keys(Store.operations || {}),
                   ...Object.keys(Store.queries || {})]
      .filter((name) => !has(Store, name));
  if (missing.length > 0) {
    console.log('missing:', missing.join(', '));
    return 1;
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'lastcommit-'));
  try {
    return await runTests(Store, path.join(directory, 'store.db'));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

// options: store, its name; promise, 'process' or 'power'; sqlite, a version;
// clients, so many processes may have the store open at once.
async function serve(Store, options) {
  if (process.argv.includes('--selftest')) {
    process.exitCode = await selftest(Store);
    return;
  }
  const driver = { Store, options, store: null };
  const input = fs.createReadStream('', { fd: 3, encoding: 'utf8' });
  for await (const line of readline.createInterface({ input })) {
    try {
      const request = JSON.parse(line);
      const answered = await answer(driver, request);
      writeAll(4, JSON.stringify({ id: request.id, ...answered }) + '\n');
    } catch (error) {  // That is no answer. An exit waits for the next request.
      console.error(`${error?.stack}\n${error}`);
      process.kill(process.pid, 'SIGKILL');
    }
  }
}

module.exports = { serve, Refused, NotFound };
