// Drivers in Node with a planted bug each: planted.js BUG. `sound` has none.

'use strict';

const fs = require('node:fs');
const path = require('node:path');

const examples = path.join(__dirname, '..', '..', '..', 'examples', 'node');
const { serve, NotFound } = require(path.join(examples, 'lastcommit-driver'));
const { Store } = require(path.join(examples, 'driver'));
const Database = require('better-sqlite3');

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

class Log {
  static dialect = 'log';

  open(path) {
    this.db = new Database(path);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = FULL');
    this.db.exec('CREATE TABLE IF NOT EXISTS log' +
                 ' (number INTEGER PRIMARY KEY AUTOINCREMENT, entry)');
  }

  close() { this.db.close(); }

  append(entry) {
    return this.db.prepare('INSERT INTO log (entry) VALUES (?)').run(entry)
        .lastInsertRowid;
  }

  append_batch(entries) {
    return this.db.transaction(
        () => entries.map((entry) => this.append(entry)).pop())();
  }

  read(after, limit) {
    return this.db.prepare('SELECT * FROM log WHERE number > ?' +
                           ' ORDER BY number LIMIT ?').raw().all(after, limit);
  }

  trim(to) { this.db.prepare('DELETE FROM log WHERE number <= ?').run(to); }

  state() {
    const last = this.db.prepare('SELECT coalesce(max(seq), 0)' +
                                 ' FROM sqlite_sequence').pluck().get();
    return [...this.read(0, -1), ['next', last + 1]];
  }
}

// The last entry of a batch is appended alone.
class TornLog extends Log {
  append_batch(entries) {
    super.append_batch(entries.slice(0, -1));
    return this.append(entries.at(-1));
  }
}

const stores = { sound: Sound, log: Log, torn_log: TornLog,
                 not_awaited: NotAwaited,
                 two_transactions: TwoTransactions,
                 empty_after_a_crash: EmptyAfterACrash,
                 swallowed_error: SwallowedError };
const bug = process.argv[2];
serve(stores[bug], { store: `node-${bug.replaceAll('_', '-')}`,
                     promise: bug === 'sound' ? 'power' : 'process' });
