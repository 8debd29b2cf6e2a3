"""Stores of checkpoints with a planted bug each, by name:
run.py planted_checkpoints BUG. `sound_checkpoints` has none."""

import sqlite3
import sys

import driver
import lastcommit_driver
from lastcommit_driver import NotFound


class SoundCheckpoints(lastcommit_driver.Checkpoints):
    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS checkpoints (thread, ns,"
                        " id, parent, value, PRIMARY KEY (thread, ns, id))")
        self.db.execute("CREATE TABLE IF NOT EXISTS writes (thread, ns, id,"
                        " task, number, value,"
                        " PRIMARY KEY (thread, ns, id, task, number))")

    def close(self):
        self.db.close()

    def together(self, changes):
        is_alone = not self.db.in_transaction
        if is_alone:
            self.db.execute("BEGIN IMMEDIATE")
        changes()
        if is_alone:
            self.db.execute("COMMIT")

    def put(self, thread, ns, id, parent, value):
        self.db.execute("INSERT OR REPLACE INTO checkpoints"
                        " VALUES (?, ?, ?, ?, ?)",
                        (thread, ns or "", id, parent, value))

    def add_writes(self, thread, ns, id, task, values):
        for number, value in enumerate(values):
            self.db.execute("INSERT OR IGNORE INTO writes"
                            " VALUES (?, ?, ?, ?, ?, ?)",
                            (thread, ns or "", id, task, number, value))

    def put_writes(self, *all):
        self.together(lambda: self.add_writes(*all))

    def put_bytes(self, *all):
        self.put_writes(*all)

    def put_step(self, thread, ns, id, parent, value, task, values):
        def both():
            self.put(thread, ns, id, parent, value)
            self.add_writes(thread, ns, id, task, values)
        self.together(both)

    def delete_thread(self, thread):
        def both():
            self.db.execute("DELETE FROM checkpoints WHERE thread = ?",
                            (thread,))
            self.db.execute("DELETE FROM writes WHERE thread = ?", (thread,))
        self.together(both)

    def get(self, thread, ns, id):
        at = (thread, ns or "", id)
        where = " WHERE thread = ? AND ns = ? AND id = ?"
        row = self.db.execute("SELECT parent, value FROM checkpoints" + where,
                              at).fetchone()
        if row is None:
            raise NotFound(id)
        return row[0], row[1], self.db.execute(
            "SELECT task, number, value FROM writes" + where, at).fetchall()

    def state(self):
        return self.db.execute(
            "SELECT 'checkpoint', * FROM checkpoints").fetchall() + \
            self.db.execute("SELECT 'write', * FROM writes").fetchall()

    begin = driver.Store.begin
    commit = driver.Store.commit
    rollback = driver.Store.rollback
    must_be_open = driver.Store.must_be_open


class NothingWithoutNamespace(SoundCheckpoints):
    """A write without a namespace is done, and stores nothing."""

    def add_writes(self, thread, ns, id, task, values):
        if ns is not None:
            super().add_writes(thread, ns, id, task, values)


class ChangedBytes(SoundCheckpoints):
    """Bytes come back as a text of them."""

    def get(self, *at):
        parent, value, writes = super().get(*at)
        return parent, value, [
            (task, number, value.decode("utf-8", "replace")
             if isinstance(value, bytes) else value)
            for task, number, value in writes]


class HalfOfABatch(SoundCheckpoints):
    """Each write is a transaction of its own."""

    def put_writes(self, *all):
        self.add_writes(*all)


class TornStep(SoundCheckpoints):
    """The checkpoint comes first, and then its writes."""

    def put_step(self, thread, ns, id, parent, value, task, values):
        self.put(thread, ns, id, parent, value)
        self.put_writes(thread, ns, id, task, values)


class DeletedThreadsWrites(SoundCheckpoints):
    """What waits at a checkpoint stays when its thread is deleted."""

    def delete_thread(self, thread):
        self.db.execute("DELETE FROM checkpoints WHERE thread = ?", (thread,))


class LosesTheParent(SoundCheckpoints):
    """A checkpoint that is put again has no parent."""

    def put(self, thread, ns, id, parent, value):
        if self.db.execute("SELECT 1 FROM checkpoints WHERE thread = ? AND"
                           " ns = ? AND id = ?",
                           (thread, ns or "", id)).fetchone():
            parent = None
        super().put(thread, ns, id, parent, value)


class NoSteps(SoundCheckpoints):
    """It has fewer operations, and does them right."""

    put_step = None


def main():
    name = sys.argv.pop(1)
    made = [SoundCheckpoints] + SoundCheckpoints.__subclasses__()
    stores = {make.__name__: make for make in made}
    make = stores["".join(word.capitalize() for word in name.split("_"))]
    lastcommit_driver.main(make, store=name.replace("_", "-"))
