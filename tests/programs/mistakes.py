"""Programs with a mistake that a crash shows; the argument names one.

Each says what it has done on standard output, which is its promise.
"""

import os
import sqlite3
import sys


def say(*words):
    # One write for a line: print() of an unbuffered stream makes several.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def store(mode="", synchronous="", path="a.db"):
    connection = sqlite3.connect(path, isolation_level=None)
    if mode:
        connection.execute(f"PRAGMA journal_mode={mode}")
    if synchronous:
        connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("CREATE TABLE IF NOT EXISTS t(x, y)")
    say("made")
    return connection


def put(connection, count, rows=1):
    for i in range(count):
        connection.execute("BEGIN")
        for row in range(rows):
            connection.execute("INSERT INTO t VALUES(?, ?)", (i, "y" * 300))
        connection.execute("COMMIT")
        say("put", i)


def wal_normal():
    """What better-sqlite3 does by default."""
    put(store("WAL", "NORMAL"), 20)
    os._exit(0)


def wal_full():
    put(store("WAL", "FULL"), 20)
    os._exit(0)


def python_defaults():
    put(store(), 20)


def python_extra():
    put(store(synchronous="EXTRA"), 20)


def truncate_full():
    put(store("TRUNCATE", "FULL"), 20)


def synchronous_off():
    put(store("DELETE", "OFF"), 12, rows=9)


def synchronous_off_and_back():
    """The next transaction makes it what it was before, and syncs.

    Between the two the database is written, and stays what it is.
    """
    connection = store("DELETE", "EXTRA")
    connection.execute("PRAGMA user_version=1")
    say("version", 1)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA user_version=2")
    connection.execute("VACUUM")
    say("version", 2)
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("PRAGMA user_version=1")
    say("version", 1)


def synchronous_off_in_wal_and_back():
    """The same with checkpoints, which write the database, too."""
    connection = store("WAL", "FULL")
    connection.execute("PRAGMA wal_autocheckpoint=1")
    connection.execute("PRAGMA user_version=1")
    say("version", 1)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA user_version=2")
    say("version", 2)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA user_version=1")
    say("version", 1)
    os._exit(0)


def off_and_then_extra():
    """Begins without syncs, and says so when it has changed that."""
    connection = store("DELETE", "OFF")
    put(connection, 4, rows=9)
    connection.execute("PRAGMA synchronous=EXTRA")
    put(connection, 2, rows=9)
    say("safe from now on")
    put(connection, 3, rows=9)


def memory_and_then_journal():
    connection = store("MEMORY", "FULL")
    put(connection, 3, rows=9)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=EXTRA")
    put(connection, 2, rows=9)
    say("safe from now on")
    put(connection, 3, rows=9)


def checkpoints_at_normal():
    connection = store("WAL", "NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=2")
    say("safe from now on")
    put(connection, 6, rows=9)
    os._exit(0)


def vacuums_with_journal():
    """None of the program's: a bug of SQLite (docs/findings.md, vacuum-undone)."""
    connection = store("DELETE", "FULL")
    put(connection, 5, rows=30)
    connection.execute("DELETE FROM t WHERE x > 0")
    say("deleted")
    connection.execute("VACUUM")
    say("vacuumed")


def attached(mode, together):
    connection = store(mode, "EXTRA")
    connection.execute("ATTACH 'b.db' AS b")
    connection.execute(f"PRAGMA b.journal_mode={mode}")
    connection.execute("PRAGMA b.synchronous=EXTRA")
    connection.execute("CREATE TABLE b.u(x)")
    say("both")
    for i in range(4):
        if together:
            connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES(?, 1)", (i,))
        connection.execute("INSERT INTO b.u VALUES(?)", (i,))
        if together:
            connection.execute("COMMIT")
        say("put", i)


def attached_in_wal():
    attached("WAL", together=True)


def attached_in_wal_one_by_one():
    """Legal: each file has its transactions for itself."""
    attached("WAL", together=False)


def attached_with_super_journal():
    """Legal: a super-journal makes them one."""
    attached("DELETE", together=True)


def copied(is_written):
    connection = store("DELETE", "EXTRA")
    connection.execute("CREATE INDEX i ON t(y)")
    put(connection, 3, rows=30)
    connection.execute("PRAGMA cache_size=2")
    connection.execute("BEGIN")
    for i in range(100):
        connection.execute("INSERT INTO t VALUES(?, ?)", (i, f"{i:03}" * 99))
    if not is_written:
        connection.execute("COMMIT")
    with open("a.db", "rb") as source, open("copy.db", "wb") as copy:
        while page := source.read(4096):
            copy.write(page)
            copy.flush()
        os.fsync(copy.fileno())
    directory = os.open(".", os.O_RDONLY)
    os.fsync(directory)
    say("saved")
    if is_written:
        connection.execute("COMMIT")
    say("done")


def copied_while_somebody_writes():
    """A backup by cp: the copy has a part of a transaction, and no journal."""
    copied(is_written=True)


def copied_when_nobody_writes():
    copied(is_written=False)


def memory_and_one_page():
    """Safe: each transaction is one write of one sector."""
    connection = store("DELETE", "EXTRA")
    connection.execute("PRAGMA journal_mode=MEMORY")
    for version in (1, 2, 1):
        connection.execute(f"PRAGMA user_version={version}")
        say("version", version)


def journal_off():
    put(store("OFF"), 5, rows=30)


def journal_memory():
    put(store("MEMORY"), 5, rows=30)


def rewritten(step):
    put(store(synchronous="EXTRA"), 2)
    put(store(synchronous="EXTRA", path="b.db"), 2, rows=50)
    with open("b.db", "rb") as backup:
        pages = backup.read()
    database = os.open("a.db", os.O_WRONLY)
    for at in range(0, len(pages), step):
        os.pwrite(database, pages[at : at + step], at)
    os.close(database)
    say("restored")


def rewritten_in_place():
    """A restore that copies over the database that is there."""
    rewritten(4096)


def rewritten_by_one_call():
    """The same with one write."""
    rewritten(1 << 30)


def wal_deleted_on_start():
    """A start script that cleans up what it takes for a leftover."""
    if os.fork() == 0:
        put(store("WAL", "FULL"), 5)
        os._exit(0)
    os.wait()
    os.unlink("a.db-wal")
    say("cleaned up")


def file_before_its_row():
    """A file without a sync, and a row that names it."""
    connection = store(synchronous="EXTRA")
    for i in range(3):
        with open(f"file{i}", "w") as file:
            file.write("content" * 100)
        connection.execute("INSERT INTO t VALUES(?, 0)", (f"file{i}",))
        say("stored", i)


def stores_files(is_row_first, is_synced):
    """A row and a file beside it, which belong together."""
    connection = store(synchronous="EXTRA")

    def put_row(i):
        connection.execute("INSERT INTO t VALUES(?, 0)", (f"file{i}",))

    for i in range(3):
        if is_row_first:
            put_row(i)
        with open(f"file{i}", "w") as file:
            file.write("content" * 100)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        if is_synced:
            directory = os.open(".", os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
        if not is_row_first:
            put_row(i)
        say("stored", f"file{i}")


def row_before_its_file():
    stores_files(is_row_first=True, is_synced=True)


def synced_file_before_its_row():
    """As it should be."""
    stores_files(is_row_first=False, is_synced=True)


def replaced_json(is_renamed):
    """No SQLite: the state is a file of its own."""
    for i in range(4):
        name = "state.tmp" if is_renamed else "state.json"
        with open(name, "w") as file:
            file.write('{"step": ' + str(i) + ', "fill": "' + "x" * 9000 + '"}')
            file.flush()
            os.fsync(file.fileno())
        if is_renamed:
            os.rename(name, "state.json")
        directory = os.open(".", os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
        say("step", i)


def json_in_place():
    replaced_json(is_renamed=False)


def json_renamed():
    replaced_json(is_renamed=True)


def renamed(is_synced):
    connection = store(synchronous="EXTRA")
    for i in range(3):
        with open("file.tmp", "w") as file:
            file.write("content" * (100 + i))
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
        os.rename("file.tmp", "file")
        connection.execute("INSERT INTO t VALUES(?, 0)", (i,))
        say("stored", i)


def renamed_without_sync():
    renamed(is_synced=False)


def renamed_with_sync():
    renamed(is_synced=True)


def renamed_after_a_part_was_synced():
    connection = store(synchronous="EXTRA")
    with open("file.tmp", "w") as file:
        file.write("content")
        file.flush()
        os.fsync(file.fileno())
        file.write("more")
    os.rename("file.tmp", "file")
    connection.execute("INSERT INTO t VALUES(1, 0)")
    say("stored")


def database_renamed_without_sync():
    """A restore that swaps the file, and never syncs the directory."""
    put(store(synchronous="EXTRA"), 2)
    put(store(synchronous="EXTRA", path="b.db"), 2, rows=50)
    os.rename("b.db", "a.db")
    say("restored")


def folder_without_sync():
    os.mkdir("folder")
    put(store(synchronous="EXTRA", path="folder/a.db"), 3)


def folder_without_sync_and_a_later_wal():
    """What was promised is safe but for the folder; what comes later is not."""
    os.mkdir("folder")
    connection = sqlite3.connect("folder/a.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("CREATE TABLE t(x)")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    say("made")
    for i in range(3):
        connection.execute("INSERT INTO t VALUES(?)", (i,))
    os._exit(1)


def partial_rollback():
    """None of the program's: a bug of SQLite 3.11.0 to 3.50.1.

    Pages are written into the WAL twice before the COMMIT, and a part of the
    transaction is undone.
    """
    connection = sqlite3.connect("a.db", isolation_level=None)
    connection.execute("PRAGMA page_size=512")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA cache_size=5")
    connection.execute("CREATE TABLE t(x PRIMARY KEY, y)")
    say("made")
    for i in range(4):
        connection.execute("BEGIN")
        connection.execute("SAVEPOINT s")
        for fill in "abc":
            for name in range(10):
                connection.execute(
                    "REPLACE INTO t VALUES(?, ?)", (name, fill * 300)
                )
        connection.execute("ROLLBACK TO s")
        connection.execute("INSERT INTO t VALUES(?, ?)", (i + 100, "x" * 300))
        connection.execute("COMMIT")
        say("committed", i)


def acknowledge(line):
    with open(os.environ["LASTCOMMIT_ACK"], "a") as acks:
        acks.write(line + "\n")


def acknowledged_before_commit():
    connection = store("WAL", "FULL")
    for i in range(10):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES(?, 0)", (i,))
        acknowledge(f"ack {i} ? SELECT count(*) = 1 FROM t WHERE x = {i}")
        connection.execute("COMMIT")


def acknowledged_after_commit():
    connection = store("WAL", "FULL")
    for i in range(10):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES(?, 0)", (i,))
        connection.execute("COMMIT")
        acknowledge(f"ack {i} ? SELECT count(*) = 1 FROM t WHERE x = {i}")


def acknowledged_at_normal():
    """One line for a commit, a checkpoint, and then two for three."""
    connection = store("WAL", "NORMAL")
    for i in range(4):
        connection.execute("INSERT INTO t VALUES(?, 0)", (i,))
        acknowledge(f"ack {i}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for i in range(6):
        for j in range(3):
            connection.execute("INSERT INTO t VALUES(?, ?)", (i, j))
        acknowledge(f"ack {i}\nand {i}")
    os._exit(0)


def acknowledged_in_parts():
    """A line is one, in however many writes it comes."""
    connection = store("WAL", "NORMAL")
    acks = os.open(os.environ["LASTCOMMIT_ACK"], os.O_WRONLY | os.O_APPEND)
    for i in range(5):
        connection.execute("INSERT INTO t VALUES(?, 0)", (i,))
        os.write(acks, b"ack ")
        os.write(acks, b"5\n" if i < 4 else b"without an end")
    os._exit(0)


def two_transactions_for_one_step():
    connection = store("WAL", "FULL")
    acknowledge("ready")
    for i in range(10):
        connection.execute("INSERT INTO t VALUES(?, 'put')", (i,))
        connection.execute("INSERT INTO t VALUES(?, 'writes')", (i,))
        acknowledge(f"step {i}")


def one_transaction_for_one_step():
    connection = store("WAL", "FULL")
    acknowledge("ready")
    for i in range(10):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES(?, 'put')", (i,))
        connection.execute("INSERT INTO t VALUES(?, 'writes')", (i,))
        connection.execute("COMMIT")
        acknowledge(f"step {i}")


def in_memory():
    put(store("", "", ":memory:"), 3)


def says_nothing():
    connection = sqlite3.connect("a.db")
    connection.execute("CREATE TABLE t(x)")
    connection.close()
    os._exit(1)


def says_it_at_the_end():
    connection = sqlite3.connect("a.db")
    connection.execute("CREATE TABLE t(x)")
    connection.close()
    say("done")


def says_it_when_all_is_synced():
    connection = sqlite3.connect("a.db")
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("CREATE TABLE t(x)")
    connection.close()
    say("done")


def commits_nothing():
    say("hello")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
