// For drivers of lastcommit in Node: a class with the operations that the store
// has, and serve().
//
//   const { serve, NotFound } = require('./lastcommit-driver');
//   class Store { open(path) {} close() {} put(key, value) {} ... }
//   serve(Store, { store: 'my-store', promise: 'process' });
//
// Each method returns, or gives a promise of, its answer when the caller may
// rely on what it did, and throws Refused or one of its classes otherwise.
// docs/driver-protocol.md says what goes over the descriptors 3 and 4. Node 18
// or newer, and nothing else.

'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const OPERATIONS = ['put', 'delete', 'get'];
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

function hello(Store, options) {
  return {
    protocol: 1,
    store: options.store,
    dialect: 'pairs',
    operations: OPERATIONS,
    controls: CONTROLS.filter((name) => has(Store, name)),
    promise: options.promise || 'process',
    sqlite: options.sqlite || '',
  };
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
    case 'rollback_to':
      await store.rollback_to(request.up);
      return {};
    default:
      if (!CONTROLS.includes(request.do)) {
        return { error: 'invalid', message: 'no such request' };
      }
      await store[request.do]();
      return {};
  }
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

async function throws(call, what) {
  try {
    await call();
  } catch (error) {
    if (error instanceof Refused) return;
    throw error;
  }
  throw new Error(`not so: ${what}`);
}

async function checkTransactions(store) {
  await store.begin();
  await store.put('t', '1');
  expect(await store.get('t') === '1', 'a transaction sees what it has put');
  await store.rollback();
  await throws(() => store.get('t'), 'rollback takes a put back');
  await store.begin();
  await throws(() => store.begin(), 'begin in a transaction throws Refused');
  await store.put('t', '2');
  await store.commit();
  expect(await store.get('t') === '2', 'commit keeps a put');
  await throws(() => store.commit(), 'commit without begin throws Refused');
  await store.begin();
  await store.put('t', '3');  // and it is closed so
}

async function check(Store, file) {
  let store = new Store();
  await store.open(file);
  expect((await store.state()).length === 0, 'a new store has no rows');
  await throws(() => store.get('a'),
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
  const missing = ['open', 'close', 'state', ...OPERATIONS]
      .filter((name) => !has(Store, name));
  if (missing.length > 0) {
    console.log('missing:', missing.join(', '));
    return 1;
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'lastcommit-'));
  try {
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
  if (process.argv[2] === '--selftest') {
    process.exitCode = await selftest(Store);
    return;
  }
  const driver = { Store, options, store: null };
  for (const line of fs.readFileSync(3, 'utf8').split('\n')) {
    if (line === '') continue;
    const request = JSON.parse(line);
    const answered = await answer(driver, request);
    writeAll(4, JSON.stringify({ id: request.id, ...answered }) + '\n');
  }
}

module.exports = { serve, Refused, NotFound };
