"""A store with operations of its own, as a driver of lastcommit.

    lastcommit fuzz --driver='python3 examples/python/bank_driver.py'
"""

import sqlite3

import lastcommit_driver
from lastcommit_driver import TEXT, Refused, integer, name


class Bank(lastcommit_driver.Own):
    operations = {
        "deposit": {"account": name(5), "amount": integer(1, 9), "note": TEXT},
        "transfer": {"account": name(5), "other": name(5),
                     "amount": integer(1, 9)},
    }
    queries = {"balance": {"account": name(5)}}

    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS entries"
                        " (account TEXT, amount INTEGER, note TEXT)")

    def close(self):
        self.db.close()

    def deposit(self, account, amount, note):
        self.db.execute("INSERT INTO entries VALUES (?, ?, ?)",
                        (account, amount, note))

    def transfer(self, account, other, amount):
        self.db.execute("BEGIN IMMEDIATE")
        is_there = self.balance(account) >= amount
        if is_there:
            self.deposit(account, -amount, "to " + other)
            self.deposit(other, amount, "from " + account)
        self.db.execute("COMMIT")
        if not is_there:
            raise Refused("not so much is there")

    def balance(self, account):
        return self.db.execute("SELECT coalesce(sum(amount), 0) FROM entries"
                               " WHERE account = ?", (account,)).fetchone()[0]

    def state(self):
        return self.db.execute("SELECT * FROM entries").fetchall()


if __name__ == "__main__":
    lastcommit_driver.main(Bank, store="python-bank", promise="power",
                           clients=3)
