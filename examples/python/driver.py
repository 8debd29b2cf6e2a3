"""A key-value store over sqlite3, as a driver of lastcommit.

    lastcommit fuzz --driver='python3 examples/python/driver.py'
"""

import sqlite3

import lastcommit_driver
from lastcommit_driver import NotFound, Refused


class Store(lastcommit_driver.Pairs):
    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS pairs"
                        " (key TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def close(self):
        self.db.close()

    def put(self, key, value):
        self.db.execute("INSERT INTO pairs VALUES (?, ?) ON CONFLICT (key)"
                        " DO UPDATE SET value = excluded.value", (key, value))

    def delete(self, key):
        found = self.db.execute("DELETE FROM pairs WHERE key = ?", (key,))
        return found.rowcount > 0

    def get(self, key):
        row = self.db.execute("SELECT value FROM pairs WHERE key = ?",
                              (key,)).fetchone()
        if row is None:
            raise NotFound(key)
        return row[0]

    def state(self):
        return self.db.execute("SELECT key, value FROM pairs").fetchall()

    def begin(self):
        if self.db.in_transaction:
            raise Refused("a transaction is open")
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self):
        self.must_be_open()
        self.db.execute("COMMIT")

    def rollback(self):
        self.must_be_open()
        self.db.execute("ROLLBACK")

    def must_be_open(self):
        if not self.db.in_transaction:
            raise Refused("no transaction is open")


if __name__ == "__main__":
    lastcommit_driver.main(Store, store="python-pairs", promise="power")
