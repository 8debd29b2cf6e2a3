"""Drivers with a planted bug each, by name: run.py planted BUG. `sound` and
`sound_rollback_journal` have none."""

import os
import select
import signal
import sqlite3
import sys
import threading
import time

import driver
import lastcommit_driver
from lastcommit_driver import NotFound

UPSERT = ("INSERT INTO pairs VALUES (?, ?) ON CONFLICT (key)"
          " DO UPDATE SET value = excluded.value")


class Sound(driver.Store):
    pass


class SoundRollbackJournal(driver.Store):
    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA journal_mode=DELETE")
        self.db.execute("PRAGMA synchronous=EXTRA")


class HalfMade(driver.Store):
    """Whoever finds its file takes it for whole."""

    def open(self, path):
        is_new = not os.path.exists(path)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        if is_new:
            self.db.execute("CREATE TABLE pairs"
                            " (key TEXT PRIMARY KEY, value TEXT NOT NULL)")


class SoundOfSeveral(driver.Store):
    clients = 3


class RemembersValues(driver.Store):
    """What another process has put since is not seen."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.known = {}

    def get(self, key):
        if key not in self.known:
            self.known[key] = super().get(key)
        return self.known[key]

    def put(self, key, value):
        super().put(key, value)
        self.known[key] = value

    def delete(self, key):
        self.known.pop(key, None)
        return super().delete(key)


class ClearsAway(driver.Store):
    """Who closes it removes the WAL, whoever has it open."""
    clients = 2

    def close(self):
        super().close()
        if os.path.exists(self.path + "-wal"):
            os.unlink(self.path + "-wal")

    def open(self, path):
        super().open(path)
        self.path = path


class NumbersItsKeys(driver.Store):
    """Each process has numbers of its own for rows, and they are the same."""
    clients = 3

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS numbered"
                        " (number INTEGER PRIMARY KEY, key UNIQUE, value)")
        self.next = 1 + self.db.execute(
            "SELECT coalesce(max(number), 0) FROM numbered").fetchone()[0]

    def put(self, key, value):
        row = self.db.execute("SELECT number FROM numbered WHERE key = ?",
                              (key,)).fetchone()
        number = row[0] if row else self.next
        self.next = max(self.next, number + 1)
        self.db.execute("INSERT OR REPLACE INTO numbered VALUES (?, ?, ?)",
                        (number, key, value))

    def delete(self, key):
        return self.db.execute("DELETE FROM numbered WHERE key = ?",
                               (key,)).rowcount > 0

    def get(self, key):
        row = self.db.execute("SELECT value FROM numbered WHERE key = ?",
                              (key,)).fetchone()
        if row is None:
            raise NotFound(key)
        return row[0]

    def state(self):
        return self.db.execute("SELECT key, value FROM numbered").fetchall()


class EndsAlone(driver.Store):
    """One process ends while the others go on."""
    clients = 2

    def delete(self, key):
        sys.exit("no room for one more")


# ---- what shows where requests overlap ----


class ShowsAGap(driver.Store):
    """A put is two transactions, and whoever opens the store after a crash
    makes the second one good: only who looks between them finds nothing."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS moved (key, value)")
        self.finish()

    def finish(self):
        self.db.execute("BEGIN IMMEDIATE")
        for row in self.db.execute("SELECT key, value FROM moved").fetchall():
            self.db.execute(UPSERT, row)
        self.db.execute("DELETE FROM moved")
        self.db.execute("COMMIT")

    def put(self, key, value):
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("DELETE FROM pairs WHERE key = ?", (key,))
        self.db.execute("INSERT INTO moved VALUES (?, ?)", (key, value))
        self.db.execute("COMMIT")
        self.finish()


class TakesBusyForDone(driver.Store):
    """It does not wait for another one's lock, and says nothing of it."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA busy_timeout=0")

    def put(self, key, value):
        try:
            super().put(key, value)
        except sqlite3.OperationalError:
            pass


class SaysBusy(driver.Store):
    """It does not wait for another one's lock, and says so."""
    clients = 3

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA busy_timeout=0")


class WaitsBySelect(driver.Store):
    """It waits for another one's lock, but not as SQLite does."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA busy_timeout=0")

    def put(self, key, value):
        while True:
            try:
                return super().put(key, value)
            except sqlite3.OperationalError:
                select.select([], [], [], 0.005)


class HasATicker(driver.Store):
    """A thread of it sleeps and wakes, and does nothing else."""
    clients = 2
    ticker = None

    def __init__(self):
        if HasATicker.ticker is None:
            HasATicker.ticker = threading.Thread(target=self.tick, daemon=True)
            HasATicker.ticker.start()

    def tick(self):
        while True:
            time.sleep(0.001)


class MarksItsWork(driver.Store):
    """Whoever changes something marks it, and nobody else may meanwhile: the
    mark of a process that was killed stays."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS mark (id PRIMARY KEY)")

    def put(self, key, value):
        try:
            self.db.execute("INSERT INTO mark VALUES (1)")
        except sqlite3.IntegrityError:
            raise lastcommit_driver.Busy("another process is at work")
        super().put(key, value)
        self.db.execute("DELETE FROM mark")


class WorksWithoutLocks(driver.Store):
    """Two connections that do not know of each other."""
    clients = 2

    def open(self, path):
        super().open(path)
        self.db.close()
        self.db = sqlite3.connect("file:%s?vfs=unix-none" % path, uri=True,
                                  isolation_level=None)
        self.db.execute("PRAGMA journal_mode=DELETE")


class EndsAtItsStart(driver.Store):
    """The second process ends as soon as the first one has made a file."""
    clients = 2

    @staticmethod
    def starts():
        import glob
        if os.environ["LASTCOMMIT_INSTANCE"] == "1":
            plans = os.path.dirname(
                os.path.dirname(os.readlink("/proc/self/fd/4")))
            while not glob.glob(plans + "/plan-*/data/store.db*"):
                pass
            os._exit(1)


class JournalAtFull(driver.Store):
    """The newest commit of a rollback journal may be lost at FULL, since the
    directory is not synced after it."""

    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS pairs"
                        " (key TEXT PRIMARY KEY, value TEXT NOT NULL)")


class RemembersItsPath(driver.Store):
    """It opens the path that it was first given, whatever it is told later."""

    first = None

    def open(self, path):
        RemembersItsPath.first = RemembersItsPath.first or path
        super().open(RemembersItsPath.first)


class TwoDatabases(driver.Store):
    """Each change is one transaction over two databases with rollback
    journals, whose super-journal has an absolute path."""

    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("ATTACH ? AS side", (path + ".side",))
        for name in ("main", "side"):
            self.db.execute("PRAGMA %s.synchronous=EXTRA" % name)
            self.db.execute("CREATE TABLE IF NOT EXISTS %s.pairs"
                            " (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
                            % name)

    def put(self, key, value):
        self.db.execute("BEGIN IMMEDIATE")
        for name in ("main", "side"):
            self.db.execute(UPSERT.replace("pairs", name + ".pairs", 1),
                            (key, value))
        self.db.execute("COMMIT")

    def delete(self, key):
        self.db.execute("BEGIN IMMEDIATE")
        for name in ("main", "side"):
            self.db.execute("DELETE FROM %s.pairs WHERE key = ?" % name,
                            (key,))
        self.db.execute("COMMIT")

    def state(self):
        main, side = (
            self.db.execute("SELECT key, value FROM %s.pairs" % name)
            .fetchall() for name in ("main", "side"))
        return main if main == side else main + [("side", str(side))]

    begin = commit = rollback = None


# ---- what a kill shows ----


class LinksElsewhere(driver.Store):
    """It loses what it puts, and has made a link out of its directory."""

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA journal_mode=MEMORY")
        link = os.path.join(os.path.dirname(path), "link")
        if not os.path.islink(link):
            os.symlink("/usr/include", link)

    def put(self, key, value):
        pass


class AckBeforeCommit(driver.Store):
    """A put returns while its transaction is open; the next call commits."""

    def put(self, key, value):
        self.finish()
        if self.db.in_transaction:
            return super().put(key, value)
        self.db.execute("BEGIN IMMEDIATE")
        self.late = True
        super().put(key, value)

    def finish(self):
        if getattr(self, "late", False):
            self.late = False
            self.db.execute("COMMIT")

    def delete(self, key):
        self.finish()
        return super().delete(key)

    def begin(self):
        self.finish()
        super().begin()

    def commit(self):
        self.finish()
        super().commit()

    def rollback(self):
        self.finish()
        super().rollback()

    def close(self):
        self.finish()
        super().close()


class TwoTransactions(driver.Store):
    """A put deletes the old row and inserts the new one, each alone."""

    def put(self, key, value):
        self.db.execute("DELETE FROM pairs WHERE key = ?", (key,))
        self.db.execute(UPSERT, (key, value))


class TornTransaction(driver.Store):
    """Nothing is in a transaction but the last change before its commit."""

    def begin(self):
        if getattr(self, "is_open", False):
            raise lastcommit_driver.Refused("a transaction is open")
        self.is_open, self.changes = True, []

    def change(self, sql, arguments):
        if getattr(self, "is_open", False):
            self.changes.append((sql, arguments))
        else:
            self.db.execute(sql, arguments)

    def put(self, key, value):
        self.change(UPSERT, (key, value))

    def delete(self, key):
        self.change("DELETE FROM pairs WHERE key = ?", (key,))

    def seen(self):
        """With the changes of the open transaction."""
        rows = dict(self.db.execute("SELECT key, value FROM pairs"))
        if getattr(self, "is_open", False):
            for sql, arguments in self.changes:
                if sql == UPSERT:
                    rows[arguments[0]] = arguments[1]
                else:
                    rows.pop(arguments[0], None)
        return rows

    def get(self, key):
        if key not in self.seen():
            raise NotFound(key)
        return self.seen()[key]

    def state(self):
        return list(self.seen().items())

    def commit(self):
        self.must_be_open()
        for sql, arguments in self.changes:
            self.db.execute(sql, arguments)
        self.is_open = False

    def rollback(self):
        self.must_be_open()
        self.is_open = False

    def must_be_open(self):
        if not getattr(self, "is_open", False):
            raise lastcommit_driver.Refused("no transaction is open")

    def close(self):
        self.is_open = False
        super().close()


class JournalOff(driver.Store):
    """A kill in the middle of a commit leaves half of it."""

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA journal_mode=OFF")


class HiddenDamage(driver.Store):
    """A kill damages what the state does not have."""

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA journal_mode=DELETE")
        if self.db.execute("SELECT 1 FROM sqlite_schema"
                           " WHERE name = 'of_other'").fetchone():
            return
        self.db.execute("DROP TABLE IF EXISTS other")
        self.db.execute("CREATE TABLE other (x TEXT)")
        self.db.executemany("INSERT INTO other VALUES (?)",
                            [("%050d" % i,) for i in range(200)])
        self.db.execute("CREATE INDEX of_other ON other (x)")

    def put(self, key, value):
        super().put(key, value)
        self.db.execute("PRAGMA journal_mode=OFF")
        self.db.execute("UPDATE other SET x = printf('%050d', 999 - rowid)")
        self.db.execute("PRAGMA journal_mode=DELETE")


class DeletedComesBack(driver.Store):
    """A log of puts is replayed when the store is opened after a crash, and
    deletions are not in it."""

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS log (key, value)")
        for key, value in self.db.execute("SELECT key, value FROM log"):
            self.db.execute(UPSERT, (key, value))

    def put(self, key, value):
        is_alone = not self.db.in_transaction
        if is_alone:
            self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO log VALUES (?, ?)", (key, value))
        super().put(key, value)
        if is_alone:
            self.db.execute("COMMIT")

    def close(self):
        if not self.db.in_transaction:
            self.db.execute("DELETE FROM log")
        super().close()


class EmptyAfterACrash(driver.Store):
    """A store that finds a WAL takes itself for damaged, and begins anew."""

    def open(self, path):
        wal = path + "-wal"
        if os.path.exists(wal) and os.path.getsize(wal) > 0:
            os.remove(wal)
            os.remove(path)
        super().open(path)


class CannotRecover(driver.Store):
    """It refuses to open what a crash has left."""

    def open(self, path):
        lock = path + ".lock"
        if os.path.exists(lock):
            raise lastcommit_driver.Aborted("another process has it open")
        open(lock, "w").close()
        self.lock = lock
        super().open(path)

    def close(self):
        super().close()
        os.remove(self.lock)


# ---- what a loss of power shows ----


class SynchronousNormal(driver.Store):
    """In WAL mode nothing is synced before it returns."""

    def open(self, path):
        super().open(path)
        self.db.execute("PRAGMA synchronous=NORMAL")


# ---- what needs no crash ----


class LostUpdate(driver.Store):
    """What is put is not always written: the cache has it, until a close."""

    def open(self, path):
        super().open(path)
        self.cache = {}

    def put(self, key, value):
        if key in self.cache and not self.db.in_transaction:
            self.cache[key] = value
            return
        super().put(key, value)
        if not self.db.in_transaction:
            self.cache[key] = value

    def delete(self, key):
        self.cache.pop(key, None)
        return super().delete(key)

    def get(self, key):
        return self.cache[key] if key in self.cache else super().get(key)

    def state(self):
        rows = dict(super().state())
        rows.update(self.cache)
        return list(rows.items())

    def rollback(self):
        super().rollback()


class KeptInTheProcess(driver.Store):
    """What was put once is in the state of each store that this process opens
    later."""

    kept = {}

    def put(self, key, value):
        super().put(key, value)
        KeptInTheProcess.kept[key] = value

    def state(self):
        rows = dict(KeptInTheProcess.kept)
        rows.update(super().state())
        return list(rows.items())


class ChangedValue(driver.Store):
    """A value with letters beyond ASCII comes back changed."""

    def get(self, key):
        return super().get(key).encode("ascii", "replace").decode()


class WrongDelete(driver.Store):
    """A delete takes the keys that begin like this one, too."""

    def delete(self, key):
        found = self.db.execute("DELETE FROM pairs WHERE key = ?"
                                " OR substr(key, 1, length(?)) = ?",
                                (key, key, key))
        return found.rowcount > 0


class SwallowedError(driver.Store):
    """A get of what is not there answers with an empty value."""

    def get(self, key):
        try:
            return super().get(key)
        except NotFound:
            return ""


class ForgetfulState(driver.Store):
    """The state does not have the newest row."""

    def state(self):
        return super().state()[:-1]


class DiesAtADelete(driver.Store):
    """The process dies in the second deletion of a plan."""

    def delete(self, key):
        self.count = getattr(self, "count", 0) + 1
        if self.count == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().delete(key)


class KillsItsGroup(driver.Store):
    """A delete ends all processes of its group."""

    def delete(self, key):
        os.killpg(0, signal.SIGKILL)


class HangsAtADelete(driver.Store):
    """The second deletion does not end."""

    def delete(self, key):
        self.count = getattr(self, "count", 0) + 1
        while self.count == 2:
            time.sleep(1)
        return super().delete(key)


class SaysSometimes(driver.Store):
    """Every other deletion says whether the key was there."""

    count = 0

    def delete(self, key):
        SaysSometimes.count += 1
        was_there = super().delete(key)
        return was_there if SaysSometimes.count % 2 else None


class KnowsItsPlace(driver.Store):
    """It refuses to open a database that was made elsewhere."""

    def open(self, path):
        super().open(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS place (path)")
        row = self.db.execute("SELECT path FROM place").fetchone()
        if row is None:
            self.db.execute("INSERT INTO place VALUES (?)", (path,))
        elif row[0] != path:
            raise lastcommit_driver.Aborted("it was made at another place")


class SaysMoreLater(driver.Store):
    """Before it answers the first request of a second plan it says what nobody
    asked for."""

    first = None

    def open(self, path):
        of = os.path.dirname(path)
        if os.path.basename(of) == "data":
            SaysMoreLater.first = SaysMoreLater.first or of
            if of != SaysMoreLater.first:
                os.write(4, b'{"id":77}\n')
        super().open(path)


class LeavesItsChild(driver.Store):
    """The first process ends in the second plan, and its child goes on with
    it, until the third."""

    plans = []

    def open(self, path):
        of = os.path.dirname(path)
        if os.path.basename(of) == "data" and of not in LeavesItsChild.plans:
            LeavesItsChild.plans.append(of)
            if len(LeavesItsChild.plans) == 2 and os.fork() > 0:
                os._exit(0)
            if len(LeavesItsChild.plans) == 3:
                os._exit(0)
        super().open(path)


class EndsWithItsThirdStore(driver.Store):
    """The process ends when it opens the third one."""

    count = 0

    def open(self, path):
        EndsWithItsThirdStore.count += 1
        if EndsWithItsThirdStore.count == 3:
            sys.exit("no more stores")
        super().open(path)


# ---- what is no answer ----


class Garbage(driver.Store):
    def put(self, key, value):
        os.write(4, b"put: done\n")


def main():
    name = sys.argv.pop(1)
    stores = {make.__name__: make for make in driver.Store.__subclasses__()}
    make = stores["".join(word.capitalize() for word in name.split("_"))]
    if "LASTCOMMIT_INSTANCE" in os.environ and hasattr(make, "starts"):
        make.starts()
    lastcommit_driver.main(make, store=name.replace("_", "-"),
                           clients=getattr(make, "clients", 1),
                           promise="power" if name in ("synchronous_normal",
                                                       "sound",
                                                       "sound_rollback_journal")
                           else "process")
