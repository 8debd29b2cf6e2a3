"""Queues with a planted bug each, by name: run.py planted_queue BUG. `sound`
has none; `sound_requeue` claims for ever, and requeues what is old."""

import sqlite3
import sys

import lastcommit_driver


class Sound(lastcommit_driver.Queue):
    refuses_late = True

    def open(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS jobs"
                        " (id INTEGER PRIMARY KEY, job, value, status, worker,"
                        " since, until)")

    def close(self):
        self.db.close()

    def add(self, job, value):
        self.db.execute("INSERT INTO jobs (job, value, status)"
                        " VALUES (?, ?, 'waiting')", (job, value))

    def enqueue(self, job, value, now):
        self.add(job, value)

    def enqueue_batch(self, jobs, now):
        self.db.execute("BEGIN IMMEDIATE")
        for job in jobs:
            self.add(*job)
        self.db.execute("COMMIT")

    free = "status = 'waiting' OR (status = 'claimed' AND until < ?)"

    def claim(self, worker, now, lease):
        self.db.execute("BEGIN IMMEDIATE")
        found = self.take(worker, now, lease)
        self.db.execute("COMMIT")
        return found

    def take(self, worker, now, lease):
        found = self.db.execute(
            "SELECT id, job, value FROM jobs WHERE %s ORDER BY id LIMIT 1"
            % self.free, (now,)).fetchone()
        if found is not None:
            self.db.execute("UPDATE jobs SET status = 'claimed', worker = ?,"
                            " since = ?, until = ? WHERE id = ?",
                            (worker, now, now + lease, found[0]))
        return found and found[1:]

    def becomes(self, status, job, worker):
        return self.db.execute(
            "UPDATE jobs SET status = ? WHERE job = ? AND worker = ?"
            " AND status = 'claimed'", (status, job, worker)).rowcount > 0

    def complete(self, job, worker, now):
        return self.becomes("done", job, worker)

    def fail(self, job, worker, now):
        return self.becomes("failed", job, worker)

    def release(self, job, worker, now):
        return self.becomes("waiting", job, worker)

    def state(self):
        return self.db.execute(
            "SELECT status, job, value FROM jobs"
            " WHERE status IN ('waiting', 'claimed')").fetchall()


class SoundRequeue(Sound):
    def claim_waiting(self, worker, now):
        return Sound.claim(self, worker, now, 10**9)

    claim = None

    def requeue(self, lease, now):
        self.db.execute("UPDATE jobs SET status = 'waiting'"
                        " WHERE status = 'claimed' AND since < ?",
                        (now - lease,))


class SoundSweeper(Sound):
    """Who claims puts back whatever has run out."""

    def claim(self, worker, now, lease):
        self.db.execute("UPDATE jobs SET status = 'waiting'"
                        " WHERE status = 'claimed' AND until < ?", (now,))
        return Sound.claim(self, worker, now, lease)


class HalfOfABatch(Sound):
    """Each job of a batch is a transaction of its own."""

    def enqueue_batch(self, jobs, now):
        for job in jobs:
            self.add(*job)


class ClaimedTwice(Sound):
    """Forgets that a claimed job is not for others."""
    free = "status <> 'done' AND status <> 'failed' AND ? IS NOT NULL"


class ClaimsUnchecked(Sound):
    """What waits it looks up in one transaction, and takes it in the next."""
    clients = 2

    def claim(self, worker, now, lease):
        return self.take(worker, now, lease)


class LateIsTaken(Sound):
    """Who has lost a job completes it."""

    def complete(self, job, worker, now):
        self.db.execute("UPDATE jobs SET status = 'done' WHERE job = ?", (job,))


class ClaimInMemory(Sound):
    """Only the process knows what is claimed."""

    def open(self, path):
        super().open(path)
        self.db.execute("UPDATE jobs SET status = 'waiting'"
                        " WHERE status = 'claimed'")


class BehindTheOthers(Sound):
    """What is released waits as if it were new."""

    def release(self, job, worker, now):
        return self.db.execute(
            "UPDATE jobs SET status = 'waiting',"
            " id = (SELECT max(id) + 1 FROM jobs)"
            " WHERE job = ? AND worker = ? AND status = 'claimed'",
            (job, worker)).rowcount > 0


class AcknowledgedInMemory(Sound):
    """Writes two jobs at once, the first of them too late."""

    def open(self, path):
        super().open(path)
        self.kept = []

    def enqueue(self, job, value, now):
        self.kept.append((job, value))
        if len(self.kept) == 2:
            self.write()

    def write(self):
        kept, self.kept = self.kept, []
        if kept:
            self.enqueue_batch(kept, 0)

    def enqueue_batch(self, jobs, now):
        self.write()
        Sound.enqueue_batch(self, jobs, now)

    def claim(self, worker, now, lease):
        self.write()
        return Sound.claim(self, worker, now, lease)

    def state(self):
        self.write()
        return Sound.state(self)

    def close(self):
        self.write()
        Sound.close(self)


class RequeuesEverything(SoundRequeue):
    """As if each claim were old."""

    def requeue(self, lease, now):
        self.db.execute("UPDATE jobs SET status = 'waiting'"
                        " WHERE status = 'claimed'")


class OfSeveral(Sound):
    clients = 3


class KnowsWhatWaits(OfSeveral):
    """Each process remembers which jobs wait, and others claim them, too."""

    def open(self, path):
        super().open(path)
        self.waits = []

    def claim(self, worker, now, lease):
        if not self.waits:
            self.waits = self.db.execute(
                "SELECT id, job, value FROM jobs WHERE %s ORDER BY id LIMIT 3"
                % self.free, (now,)).fetchall()
        if not self.waits:
            return None
        found = self.waits.pop(0)
        self.db.execute("UPDATE jobs SET status = 'claimed', worker = ?,"
                        " since = ?, until = ? WHERE id = ?",
                        (worker, now, now + lease, found[0]))
        return found[1:]


BUGS = {
    "of_several": OfSeveral,
    "knows_what_waits": KnowsWhatWaits,
    "sound": Sound,
    "sound_requeue": SoundRequeue,
    "sound_sweeper": SoundSweeper,
    "half_of_a_batch": HalfOfABatch,
    "claimed_twice": ClaimedTwice,
    "claims_unchecked": ClaimsUnchecked,
    "late_is_taken": LateIsTaken,
    "claim_in_memory": ClaimInMemory,
    "behind_the_others": BehindTheOthers,
    "acknowledged_in_memory": AcknowledgedInMemory,
    "requeues_everything": RequeuesEverything,
}


def main():
    make = BUGS[sys.argv[1]]
    lastcommit_driver.main(make, store="planted-queue", promise="power",
                           clients=getattr(make, "clients", 1))
