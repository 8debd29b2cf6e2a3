"""Logs with a planted bug each, by name: run.py planted_log BUG. `sound` has
none."""

import os
import sqlite3
import sys

import lastcommit_driver


class Sound(lastcommit_driver.Log):
    schema = ("CREATE TABLE IF NOT EXISTS log"
              " (number INTEGER PRIMARY KEY AUTOINCREMENT, entry)")

    def open(self, path):
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(self.schema)

    def close(self):
        self.db.close()

    def add(self, entry):
        return self.db.execute("INSERT INTO log (entry) VALUES (?)",
                               (entry,)).lastrowid

    def append(self, entry):
        return self.add(entry)

    def append_batch(self, entries):
        self.db.execute("BEGIN IMMEDIATE")
        for entry in entries:
            last = self.add(entry)
        self.db.execute("COMMIT")
        return last

    def read(self, after, limit):
        return self.db.execute(
            "SELECT number, entry FROM log WHERE number > ? ORDER BY number"
            " LIMIT ?", (after, limit)).fetchall()

    def trim(self, to):
        self.db.execute("DELETE FROM log WHERE number <= ?", (to,))

    def next(self):
        return 1 + self.db.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()[0]

    def state(self):
        self.db.execute("BEGIN")
        rows = Sound.read(self, 0, -1) + [("next", self.next())]
        self.db.execute("COMMIT")
        return rows


class OfSeveral(Sound):
    clients = 3


class NumbersComeBack(Sound):
    """Who has trimmed all of it begins with 1 again."""
    schema = Sound.schema.replace(" AUTOINCREMENT", "")

    def next(self):
        return 1 + self.db.execute(
            "SELECT coalesce(max(number), 0) FROM log").fetchone()[0]


class HalfOfABatch(Sound):
    """Each entry of a batch is a transaction of its own."""

    def append_batch(self, entries):
        return [self.add(entry) for entry in entries][-1]


class NumberInAFile(Sound):
    """The last number is in a file beside the database, which is written after
    the commit."""
    schema = Sound.schema.replace(" AUTOINCREMENT", "")

    def open(self, path):
        Sound.open(self, path)
        if not os.path.exists(path + ".last"):
            self.write_last(0)

    def last(self):
        with open(self.path + ".last", encoding="ascii") as file:
            return int(file.read())

    def write_last(self, number):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        os.rename(self.path + ".new", self.path + ".last")

    def append_batch(self, entries):
        last = self.last()
        self.db.execute("BEGIN IMMEDIATE")
        for entry in entries:
            last += 1
            self.db.execute("INSERT INTO log VALUES (?, ?)", (last, entry))
        self.db.execute("COMMIT")
        self.write_last(last)
        return last

    def append(self, entry):
        return self.append_batch([entry])

    def next(self):
        return 1 + self.last()


class ReadsFromTheNumber(Sound):
    """The entry with the number is one of those after it."""

    def read(self, after, limit):
        return Sound.read(self, after - 1, limit)


class StateInTwo(OfSeveral):
    """The entries and the next number are read one after the other."""

    def state(self):
        return self.read(0, -1) + [("next", self.next())]


class NumbersUnlocked(OfSeveral):
    """Which number is next it looks up before it writes."""
    schema = Sound.schema.replace("PRIMARY KEY AUTOINCREMENT", "")

    def append(self, entry):
        number = self.next()
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO log VALUES (?, ?)", (number, entry))
        self.db.execute("UPDATE last SET number = ?", (number,))
        self.db.execute("COMMIT")
        return number

    def open(self, path):
        Sound.open(self, path)
        self.db.execute("CREATE TABLE IF NOT EXISTS last (number)")
        self.db.execute("INSERT INTO last SELECT 0"
                        " WHERE NOT EXISTS (SELECT * FROM last)")

    append_batch = None

    def next(self):
        return 1 + self.db.execute("SELECT number FROM last").fetchone()[0]


BUGS = {
    "sound": Sound,
    "of_several": OfSeveral,
    "numbers_come_back": NumbersComeBack,
    "half_of_a_batch": HalfOfABatch,
    "number_in_a_file": NumberInAFile,
    "reads_from_the_number": ReadsFromTheNumber,
    "state_in_two": StateInTwo,
    "numbers_unlocked": NumbersUnlocked,
}


def main():
    make = BUGS[sys.argv[1]]
    lastcommit_driver.main(make, store="planted-log", promise="power",
                           clients=getattr(make, "clients", 1))
