// Drivers in Node with a planted bug each: planted.js BUG. `sound` has none.

'use strict';

const fs = require('node:fs');
const path = require('node:path');

const examples = path.join(__dirname, '..', '..', '..', 'examples', 'node');
const { serve, NotFound } = require(path.join(examples, 'lastcommit-driver'));
const { Store } = require(path.join(examples, 'driver'));

class Sound extends Store {}

// Nobody waits for what a put begins.
class NotAwaited extends Store {
  open(path) {
    super.open(path);
    this.waiting = [];
  }

  put(key, value) {
    this.waiting.push([key, value]);
    setTimeout(() => this.finish(), 1);
  }

  finish() {
    for (const [key, value] of this.waiting.splice(0)) super.put(key, value);
  }

  delete(key) { this.finish(); return super.delete(key); }
  get(key) { this.finish(); return super.get(key); }
  state() { this.finish(); return super.state(); }
  begin() { this.finish(); super.begin(); }
  commit() { this.finish(); super.commit(); }
  rollback() { this.finish(); super.rollback(); }
  close() { this.finish(); super.close(); }
}

// A put deletes the old row and inserts the new one, each alone.
class TwoTransactions extends Store {
  put(key, value) {
    this.db.prepare('DELETE FROM pairs WHERE key = ?').run(key);
    super.put(key, value);
  }
}

// A store that finds a WAL takes itself for damaged, and begins anew.
class EmptyAfterACrash extends Store {
  open(path) {
    if (fs.existsSync(path + '-wal') && fs.statSync(path + '-wal').size > 0) {
      fs.rmSync(path + '-wal');
      fs.rmSync(path);
    }
    super.open(path);
  }
}

// A get of what is not there answers with an empty value.
class SwallowedError extends Store {
  get(key) {
    try {
      return super.get(key);
    } catch (error) {
      if (error instanceof NotFound) return '';
      throw error;
    }
  }
}

const stores = { sound: Sound, not_awaited: NotAwaited,
                 two_transactions: TwoTransactions,
                 empty_after_a_crash: EmptyAfterACrash,
                 swallowed_error: SwallowedError };
const bug = process.argv[2];
serve(stores[bug], { store: `node-${bug.replaceAll('_', '-')}`,
                     promise: bug === 'sound' ? 'power' : 'process' });
