"""Stores with operations of their own and a planted bug each, by name:
run.py planted_own BUG. `sound` has none: accounts, and what was moved between
them."""

import json
import os
import signal
import sqlite3
import sys
import zlib

import lastcommit_driver
from lastcommit_driver import BYTES, TEXT, Refused, integer, name


class Sound(lastcommit_driver.Own):
    operations = {
        "deposit": {"account": name(4), "amount": integer(1, 9),
                    "note": TEXT},
        "move": {"account": name(4), "other": name(4),
                 "amount": integer(1, 9), "note": TEXT},
        "attach": {"account": name(4), "document": BYTES},
        "forget": {"account": name(4)},
    }
    queries = {"balance": {"account": name(4)}}
    pragmas = ("journal_mode=WAL", "synchronous=FULL")

    def open(self, path):
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in self.pragmas:
            self.db.execute("PRAGMA " + pragma)
        self.db.execute("CREATE TABLE IF NOT EXISTS accounts"
                        " (name PRIMARY KEY, amount, document)")
        self.db.execute("CREATE TABLE IF NOT EXISTS moves (name, amount, note)")

    def close(self):
        self.db.close()

    def begin(self):
        if self.db.in_transaction:
            raise Refused("a transaction is open")
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self):
        if not self.db.in_transaction:
            raise Refused("no transaction is open")
        self.db.execute("COMMIT")

    def rollback(self):
        if not self.db.in_transaction:
            raise Refused("no transaction is open")
        self.db.execute("ROLLBACK")

    def together(self, *changes):
        is_alone = not self.db.in_transaction
        if is_alone:
            self.db.execute("BEGIN IMMEDIATE")
        for sql, values in changes:
            self.db.execute(sql, values)
        if is_alone:
            self.db.execute("COMMIT")

    def added(self, account, amount):
        return ("INSERT INTO accounts VALUES (?1, ?2, NULL) ON CONFLICT DO"
                " UPDATE SET amount = amount + ?2", (account, amount))

    def noted(self, account, amount, note):
        return "INSERT INTO moves VALUES (?, ?, ?)", (account, amount, note)

    def deposit(self, account, amount, note):
        self.together(self.added(account, amount),
                      self.noted(account, amount, note))

    def move(self, account, other, amount, note):
        if self.balance(account) < amount:
            raise Refused("not so much is there")
        self.together(self.added(account, -amount), self.added(other, amount),
                      self.noted(account, -amount, note),
                      self.noted(other, amount, note))

    def attach(self, account, document):
        self.together(("UPDATE accounts SET document = ? WHERE name = ?",
                       (document, account)))

    def forget(self, account):
        self.together(("DELETE FROM accounts WHERE name = ?", (account,)),
                      ("DELETE FROM moves WHERE name = ?", (account,)))

    def balance(self, account):
        row = self.db.execute("SELECT amount FROM accounts WHERE name = ?",
                              (account,)).fetchone()
        return row[0] if row else 0

    def state(self):
        return [*self.db.execute("SELECT * FROM accounts"),
                *self.db.execute("SELECT * FROM moves")]


class LosesPower(Sound):
    """What it promises to survive a loss of power does not."""
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL")


class AnswersFirst(Sound):
    """A deposit is committed with the next operation, whatever it is."""

    def open(self, path):
        super().open(path)
        self.waits = []

    def flush(self):
        waits, self.waits = self.waits, []
        if waits:
            self.together(*waits)

    def deposit(self, account, amount, note):
        self.flush()
        if self.db.in_transaction:
            return super().deposit(account, amount, note)
        self.waits = [self.added(account, amount),
                      self.noted(account, amount, note)]

    def move(self, *all, **more):
        self.flush()
        super().move(*all, **more)

    def attach(self, *all, **more):
        self.flush()
        super().attach(*all, **more)

    def forget(self, *all, **more):
        self.flush()
        super().forget(*all, **more)

    def begin(self):
        self.flush()
        super().begin()

    def state(self):
        self.flush()
        return super().state()

    def close(self):
        self.flush()
        super().close()


class ForgetsTheWal(Sound):
    """Removes what it takes for the rest of another time."""

    def open(self, path):
        if os.path.exists(path + "-wal"):
            os.unlink(path + "-wal")
        super().open(path)


class MakesItAnew(Sound):
    """What has a journal to recover it takes for broken, and begins anew."""
    pragmas = ("journal_mode=DELETE", "synchronous=FULL")

    def open(self, path):
        if os.path.exists(path + "-journal"):
            os.unlink(path + "-journal")
            os.unlink(path)
        super().open(path)


class CannotRecover(Sound):
    """Takes a WAL for somebody who has it open."""

    def open(self, path):
        if os.path.exists(path + "-wal"):
            raise Refused("another process has it open")
        super().open(path)


class HalfInAFile(Sound):
    """What was deposited first is kept in a file, which may be behind."""

    def open(self, path):
        super().open(path)
        self.file = path + ".first"

    def deposit(self, account, amount, note):
        super().deposit(account, amount, note)
        if not os.path.exists(self.file):
            with open(self.file, "w", encoding="utf-8") as file:
                file.write(note)

    def state(self):
        first = None
        if os.path.exists(self.file):
            with open(self.file, encoding="utf-8") as file:
                first = file.read()
        return [*super().state(), [first]]


class KnowsItsPlace(Sound):
    """Is at home where it was made: sound, if it is left there."""

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS home (path)")
        home = self.db.execute("SELECT * FROM home").fetchone()
        if home is None:
            self.db.execute("INSERT INTO home VALUES (?)", (path,))
        elif home[0] != path:
            raise Refused("not at home")


class NeedsItsWal(Sound):
    """Takes a database without a WAL for another one's."""

    def open(self, path):
        has_wal = os.path.exists(path + "-wal")
        super().open(path)
        if not has_wal and self.db.execute("SELECT 1 FROM moves").fetchone():
            raise Refused("whose is it?")


class WaitsForItsWal(Sound):
    """The same, but it waits for the other one."""

    def open(self, path):
        has_wal = os.path.exists(path + "-wal")
        super().open(path)
        if not has_wal and self.db.execute("SELECT 1 FROM moves").fetchone():
            signal.pause()


class FailsToReopen(Sound):
    opened = []

    def open(self, path):
        if path in FailsToReopen.opened:
            raise Refused("not again")
        FailsToReopen.opened.append(path)
        super().open(path)


class StoresEveryOther(Sound):
    """The first deposit is a greeting: sound, since nobody may count on it."""
    greeted = False

    def deposit(self, account, amount, note):
        if self.greeted:
            super().deposit(account, amount, note)
        self.greeted = True


class DoesNothing(Sound):
    """Has a reason for each operation not to do it."""

    def together(self, *changes):
        raise Refused("not today")

    def balance(self, account):
        raise Refused("not today")


class Spools(Sound):
    """A log of its own is written first, and played at the next opening."""
    promise = "process"
    operations = {"deposit": Sound.operations["deposit"]}
    queries = {}
    begin = commit = rollback = None

    def open(self, path):
        super().open(path)
        self.log = path + ".log"
        self.play()

    def play(self):
        if not os.path.exists(self.log):
            return
        with open(self.log, encoding="utf-8") as log:
            text = log.read()
        lines = text[:text.rfind("\n") + 1].splitlines()
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("CREATE TABLE IF NOT EXISTS played (count)")
        row = self.db.execute("SELECT count FROM played").fetchone()
        for line in lines[row[0] if row else 0:]:
            for sql, values in json.loads(line):
                self.db.execute(sql, values)
        self.db.execute("DELETE FROM played")
        self.db.execute("INSERT INTO played VALUES (?)", (len(lines),))
        self.db.execute("COMMIT")

    def deposit(self, account, amount, note):
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        line = json.dumps([self.added(account, amount),
                           self.noted(account, amount, note)]) + "\n"
        os.write(log, line.encode())
        os.close(log)

    def state(self):
        self.play()
        return super().state()


class Packs(Sound):
    """Notes are packed, and unpacked by another operation."""
    operations = dict(Sound.operations, unpack={"account": name(4)})

    def noted(self, account, amount, note):
        return super().noted(account, amount, zlib.compress(note.encode()))

    def unpack(self, account):
        rows = self.db.execute("SELECT rowid, note FROM moves WHERE name = ?",
                               (account,)).fetchall()
        self.together(*(
            ("UPDATE moves SET note = ? WHERE rowid = ?",
             (zlib.decompress(note).decode(), rowid))
            for rowid, note in rows if isinstance(note, bytes)))

    def state(self):
        return [*self.db.execute("SELECT * FROM accounts"),
                *([who, amount, zlib.decompress(note).decode()
                   if isinstance(note, bytes) else note]
                  for who, amount, note in
                  self.db.execute("SELECT * FROM moves"))]


BUGS = {
    "sound": Sound,
    "loses_power": LosesPower,
    "answers_first": AnswersFirst,
    "forgets_the_wal": ForgetsTheWal,
    "makes_it_anew": MakesItAnew,
    "cannot_recover": CannotRecover,
    "half_in_a_file": HalfInAFile,
    "knows_its_place": KnowsItsPlace,
    "needs_its_wal": NeedsItsWal,
    "waits_for_its_wal": WaitsForItsWal,
    "fails_to_reopen": FailsToReopen,
    "does_nothing": DoesNothing,
    "stores_every_other": StoresEveryOther,
    "spools": Spools,
    "packs": Packs,
}


def main():
    make = BUGS[sys.argv[1]]
    lastcommit_driver.main(make, store="planted-own",
                           promise=getattr(make, "promise", "power"))
