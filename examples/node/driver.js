// A key-value store over better-sqlite3, as a driver of lastcommit.
//
//   npm install better-sqlite3
//   lastcommit fuzz --driver='node driver.js'

'use strict';

const Database = require('better-sqlite3');
const { serve, NotFound, Refused } = require('./lastcommit-driver');

class Store {
  open(path) {
    this.db = new Database(path);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = FULL');
    this.db.exec('CREATE TABLE IF NOT EXISTS pairs' +
                 ' (key TEXT PRIMARY KEY, value TEXT NOT NULL)');
  }

  close() { this.db.close(); }

  put(key, value) {
    this.db.prepare('INSERT INTO pairs VALUES (?, ?) ON CONFLICT (key)' +
                    ' DO UPDATE SET value = excluded.value').run(key, value);
  }

  delete(key) {
    return this.db.prepare('DELETE FROM pairs WHERE key = ?')
        .run(key).changes > 0;
  }

  get(key) {
    const row = this.db.prepare('SELECT value FROM pairs WHERE key = ?')
        .get(key);
    if (row === undefined) throw new NotFound(key);
    return row.value;
  }

  state() {
    return this.db.prepare('SELECT key, value FROM pairs').raw().all();
  }

  begin() {
    if (this.db.inTransaction) throw new Refused('a transaction is open');
    this.db.exec('BEGIN IMMEDIATE');
  }

  commit() {
    this.mustBeOpen();
    this.db.exec('COMMIT');
  }

  rollback() {
    this.mustBeOpen();
    this.db.exec('ROLLBACK');
  }

  mustBeOpen() {
    if (!this.db.inTransaction) throw new Refused('no transaction is open');
  }
}

if (require.main === module) {
  serve(Store, { store: 'node-pairs', promise: 'power' });
}

module.exports = { Store };
