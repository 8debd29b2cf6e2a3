// For drivers of lastcommit in Node: a class with the operations that the store
// has, and serve().
//
//   const { serve, NotFound } = require('./lastcommit-driver');
//   class Store { open(path) {} close() {} put(key, value) {} ... }
//   serve(Store, { store: 'my-store', promise: 'process' });
//
// A store of checkpoints has `static dialect = 'checkpoints'`, and
// put(thread, ns, id, parent, value), put_writes(thread, ns, id, task, values),
// get(thread, ns, id), which gives { parent, value, writes: [[task, number,
// value], ...] }. What is not given is undefined. A value is a text or a Buffer.
//
// Each method returns, or gives a promise of, its answer when the caller may
// rely on what it did, and throws Refused or one of its classes otherwise.
// docs/driver-protocol.md says what goes over the descriptors 3 and 4. Node 18
// or newer, and nothing else.

'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

// What a store of each dialect must have, and what it may have.
const OPERATIONS = {
  pairs: { must: ['put', 'delete', 'get'], may: [] },
  checkpoints: { must: ['put', 'put_writes', 'get'],
                 may: ['put_bytes', 'put_step', 'delete_thread'] },
};
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

function has(Store, name) {
  return typeof Store.prototype[name] === 'function';
}

function dialectOf(Store) { return Store.dialect || 'pairs'; }

function hello(Store, options) {
  const { must, may } = OPERATIONS[dialectOf(Store)];
  return {
    protocol: 1,
    store: options.store,
    dialect: dialectOf(Store),
    operations: [...must, ...may.filter((name) => has(Store, name))],
    controls: CONTROLS.filter((name) => has(Store, name)),
    promise: options.promise || 'process',
    sqlite: options.sqlite || '',
  };
}

// Bytes are written in base64.
function fromJson(value) {
  if (value === undefined || typeof value === 'string') return value;
  return Buffer.from(value.base64, 'base64');
}
function toJson(value) {
  return value instanceof Uint8Array ?
      { base64: Buffer.from(value).toString('base64') } : value;
}

// What is answered beside the number of the request.
async function answer(driver, request) {
  try {
    return await act(driver, request);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: error.kind, message: error.message };
  }
}

async function act(driver, request) {
  const store = driver.store;
  if (store === null && !['hello', 'open'].includes(request.do)) {
    throw new Refused('no store is open');
  }
  switch (request.do) {
    case 'hello':
      return hello(driver.Store, driver.options);
    case 'open': {
      const opened = new driver.Store();
      await opened.open(request.path);
      driver.store = opened;
      return {};
    }
    case 'close':
      driver.store = null;
      await store.close();
      return {};
    case 'rollback_to':
      await store.rollback_to(request.up);
      return {};
    default:
      if (!CONTROLS.includes(request.do)) {
        return dialectOf(driver.Store) === 'pairs' ?
            actOnPairs(store, request) : actOnCheckpoints(store, request);
      }
      await store[request.do]();
      return {};
  }
}

async function actOnPairs(store, request) {
  switch (request.do) {
    case 'put':
      await store.put(request.key, request.value);
      return {};
    case 'delete': {
      const wasThere = await store.delete(request.key);
      return wasThere == null ? {} : { value: Boolean(wasThere) };
    }
    case 'get':
      return { value: await store.get(request.key) };
    case 'state':
      return { rows: await store.state() };
  }
  return { error: 'invalid', message: 'no such request' };
}

async function actOnCheckpoints(store, request) {
  const { thread, ns, checkpoint: id, parent, task } = request;
  const value = fromJson(request.value);
  const values = (request.writes || []).map(fromJson);
  switch (request.do) {
    case 'put':
      await store.put(thread, ns, id, parent, value);
      return {};
    case 'put_writes':
    case 'put_bytes':
      await store[request.do](thread, ns, id, task, values);
      return {};
    case 'put_step':
      await store.put_step(thread, ns, id, parent, value, task, values);
      return {};
    case 'delete_thread':
      await store.delete_thread(thread);
      return {};
    case 'get': {
      const found = await store.get(thread, ns, id);
      return { value: {
        parent: found.parent == null ? null : found.parent,
        value: toJson(found.value),
        writes: found.writes.map((write) => write.map(toJson)),
      } };
    }
    case 'state':
      return { rows: (await store.state()).map((row) => row.map(toJson)) };
  }
  return { error: 'invalid', message: 'no such request' };
}

function writeAll(descriptor, text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    bytes = bytes.subarray(fs.writeSync(descriptor, bytes));
  }
}

// ---- the self-test: without a crash, what lastcommit takes for granted ----

function expect(isSo, what) {
  if (!isSo) throw new Error(`not so: ${what}`);
}

async function throws(kind, call, what) {
  try {
    await call();
  } catch (error) {
    if (error instanceof kind) return;
    if (!(error instanceof Refused)) throw error;
  }
  throw new Error(`not so: ${what}`);
}

async function checkTransactions(store) {
  await store.begin();
  await store.put('t', '1');
  expect(await store.get('t') === '1', 'a transaction sees what it has put');
  await store.rollback();
  await throws(NotFound, () => store.get('t'), 'rollback takes a put back');
  await store.begin();
  await throws(Refused, () => store.begin(),
               'begin in a transaction throws Refused');
  await store.put('t', '2');
  await store.commit();
  expect(await store.get('t') === '2', 'commit keeps a put');
  await throws(Refused, () => store.commit(),
               'commit without begin throws Refused');
  await store.begin();
  await store.put('t', '3');  // and it is closed so
}

async function checkCheckpoints(Store, file) {
  let store = new Store();
  await store.open(file);
  expect((await store.state()).length === 0, 'a new store has no rows');
  await throws(NotFound, () => store.get('t', undefined, 'a'),
               'get of a checkpoint that is not there throws NotFound');
  await store.put('t', undefined, 'a', undefined, '1');
  await store.put('t', 'n', 'a', 'b', '2');
  await store.put_writes('t', undefined, 'a', 'task', ['3', '4']);
  await store.put_writes('t', undefined, 'a', 'task', ['5', '6', '7']);
  await store.close();
  store = new Store();
  await store.open(file);
  expect(JSON.stringify((await store.state()).sort()) === JSON.stringify([
    ['checkpoint', 't', '', 'a', null, '1'],
    ['checkpoint', 't', 'n', 'a', 'b', '2'],
    ['write', 't', '', 'a', 'task', 0, '3'],
    ['write', 't', '', 'a', 'task', 1, '4'],
    ['write', 't', '', 'a', 'task', 2, '7']]),
         'the state has what was put; a write that is there already stays');
  expect(JSON.stringify((await store.get('t', 'n', 'a')).writes) === '[]',
         'get gives the writes of that checkpoint');
  await store.close();
}

async function checkPairs(Store, file) {
  let store = new Store();
  await store.open(file);
  expect((await store.state()).length === 0, 'a new store has no rows');
  await throws(NotFound, () => store.get('a'),
               'get of a key that is not there throws NotFound');
  await store.put('a', '1');
  await store.put('a', '2');
  await store.put('b\'"\u00e9', '');
  expect(await store.get('a') === '2', 'put replaces the value');
  expect(await store.get('b\'"\u00e9') === '',
         'keys may have quotes and other letters, values may be empty');
  expect(await store.delete('a') !== false, 'delete of a key that is there');
  expect(await store.delete('a') !== true, 'delete of one that is not');
  await store.close();
  store = new Store();
  await store.open(file);
  expect(JSON.stringify(await store.state()) === '[["b\'\\"\u00e9",""]]',
         'what was put is there after close and open');
  if (has(Store, 'begin')) await checkTransactions(store);
  await store.close();
}

async function selftest(Store) {
  const dialect = dialectOf(Store);
  const missing = ['open', 'close', 'state', ...OPERATIONS[dialect].must]
      .filter((name) => !has(Store, name));
  if (missing.length > 0) {
    console.log('missing:', missing.join(', '));
    return 1;
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'lastcommit-'));
  try {
    const check = dialect === 'pairs' ? checkPairs : checkCheckpoints;
    await check(Store, path.join(directory, 'store.db'));
  } catch (error) {
    console.log(error.message.startsWith('not so') ? error.message : error);
    return 1;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
  const controls = CONTROLS.filter((name) => has(Store, name));
  console.log('a correct store without crashes; controls:',
              controls.join(', ') || 'none');
  return 0;
}

// options: store, its name; promise, 'process' or 'power'; sqlite, a version.
async function serve(Store, options) {
  if (process.argv.includes('--selftest')) {
    process.exitCode = await selftest(Store);
    return;
  }
  const driver = { Store, options, store: null };
  const input = fs.createReadStream('', { fd: 3, encoding: 'utf8' });
  for await (const line of readline.createInterface({ input })) {
    const request = JSON.parse(line);
    const answered = await answer(driver, request);
    writeAll(4, JSON.stringify({ id: request.id, ...answered }) + '\n');
  }
}

module.exports = { serve, Refused, NotFound };
