"""Legal programs that a careless judge would accuse; the argument names one.

Every one of them keeps what it says: synchronous is EXTRA, or FULL with a WAL.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading

from mistakes import put, say, store


def wal():
    return store("WAL", "FULL")


def extra(path="a.db"):
    return store("DELETE", "EXTRA", path)


def exclusive_delete():
    connection = extra()
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    put(connection, 5)


def exclusive_wal():
    connection = sqlite3.connect("a.db", isolation_level=None)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t(x, y)")
    put(connection, 5)


def old_state_again():
    connection = wal()
    for i in range(4):
        connection.execute("INSERT INTO t VALUES(1, 2)")
        say("in", i)
        connection.execute("DELETE FROM t")
        say("out", i)


def checkpoints():
    connection = wal()
    for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE"):
        put(connection, 2)
        connection.execute(f"PRAGMA wal_checkpoint({mode})")
        say(mode)
    connection.close()
    say("closed")


def checkpoints_often():
    connection = wal()
    connection.execute("PRAGMA wal_autocheckpoint=2")
    put(connection, 12)


def synchronous_changes():
    connection = extra()
    put(connection, 2)
    connection.execute("PRAGMA journal_mode=WAL")
    put(connection, 2)
    connection.execute("PRAGMA journal_mode=PERSIST")
    put(connection, 2)
    connection.execute("PRAGMA journal_mode=TRUNCATE")
    put(connection, 2)


def rolls_back():
    connection = extra()
    put(connection, 1)
    for _ in range(3):
        connection.execute("PRAGMA cache_size=2")
        connection.execute("BEGIN")
        for i in range(200):
            connection.execute("INSERT INTO t VALUES(?, ?)", (i, "z" * 500))
        connection.execute("ROLLBACK")
        say("rolled back")
        put(connection, 1)


def spills_into_wal():
    connection = wal()
    connection.execute("PRAGMA cache_size=2")
    connection.execute("BEGIN")
    for i in range(200):
        connection.execute("INSERT INTO t VALUES(?, ?)", (i, "z" * 500))
    say("not yet")
    connection.execute("COMMIT")
    say("now")


def savepoints():
    connection = extra()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES(1, 1)")
    connection.execute("SAVEPOINT s")
    connection.execute("INSERT INTO t VALUES(2, 2)")
    connection.execute("ROLLBACK TO s")
    connection.execute("COMMIT")
    say("done")


def vacuum(connection):
    put(connection, 5, rows=20)
    connection.execute("DELETE FROM t WHERE x < 3")
    say("deleted")
    connection.execute("VACUUM")
    say("vacuumed")
    put(connection, 2)


def vacuums():
    vacuum(extra())


def vacuums_in_wal():
    vacuum(wal())


def rowids_without_primary_key():
    connection = extra()
    connection.execute("INSERT INTO t(rowid, x) VALUES(100, 1)")
    connection.execute("INSERT INTO t(rowid, x) VALUES(50, 2)")
    say("put")
    connection.execute("VACUUM")
    say("vacuumed")


def user_version():
    connection = extra()
    for i in range(1, 4):
        connection.execute(f"PRAGMA user_version={i}")
        say(i)


def made_anew():
    for i in range(3):
        connection = extra()
        put(connection, 2)
        connection.close()
        sync_directory()
        say("closed")
        os.unlink("a.db")
        say("deleted")


def one_name_in_two_folders():
    for folder in ("one", "two"):
        os.mkdir(folder)
    sync_directory()
    for folder in ("one", "two"):
        put(extra(f"{folder}/a.db"), 1 if folder == "one" else 2)


def sync_directory():
    directory = os.open(".", os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def synced(path):
    file = os.open(path, os.O_RDWR)
    os.fsync(file)
    os.close(file)


def vacuum_into_and_rename():
    connection = extra()
    put(connection, 3)
    connection.execute("VACUUM INTO 'copy.db'")
    connection.close()
    synced("copy.db")
    os.rename("copy.db", "a.db")
    sync_directory()
    say("swapped")
    put(extra(), 2)


def copied_in_pieces():
    """A copy that is half for a while, and whole when it is promised."""
    connection = extra()
    put(connection, 3, rows=30)
    with open("a.db", "rb") as source, open("copy.db", "wb") as copy:
        while piece := source.read(1000):
            copy.write(piece)
            copy.flush()
        os.fsync(copy.fileno())
    sync_directory()
    say("copied")
    put(connection, 2)


def copied_over_another_promise():
    """Something is promised while the copy is half, but not the copy."""
    connection = extra()
    put(connection, 3, rows=30)
    with open("a.db", "rb") as source:
        pages = source.read()
    with open("copy.db", "wb") as copy:
        for at in range(0, len(pages), 4096):
            copy.write(pages[at : at + 4096])
            copy.flush()
            os.fsync(copy.fileno())
            sync_directory()
            say("copying")
    say("copied")


def backup_and_restore():
    connection = extra()
    put(connection, 3)
    copy = sqlite3.connect("copy.db")
    copy.execute("PRAGMA synchronous=EXTRA")
    connection.backup(copy)
    copy.close()
    say("saved")
    put(connection, 2)
    connection.close()
    shutil.copyfile("copy.db", "restored")
    synced("restored")
    os.rename("restored", "a.db")
    sync_directory()
    say("restored")


def temporary_tables():
    connection = wal()
    connection.execute("CREATE TEMP TABLE u(x)")
    connection.execute("INSERT INTO u VALUES(1)")
    put(connection, 2)
    connection.execute("SELECT * FROM t a, t b ORDER BY a.y").fetchall()
    say("sorted")


def never_closes():
    put(wal(), 4)
    os._exit(0)


def several_processes():
    store("WAL", "FULL").close()
    children = []
    for _ in range(4):
        if (pid := os.fork()) == 0:
            connection = sqlite3.connect("a.db", timeout=60, isolation_level=None)
            connection.execute("PRAGMA synchronous=FULL")
            put(connection, 5)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def several_processes_with_journal():
    extra().close()
    for _ in range(3):
        if os.fork() == 0:
            connection = sqlite3.connect("a.db", timeout=60, isolation_level=None)
            connection.execute("PRAGMA synchronous=EXTRA")
            for i in range(3):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO t VALUES(1, 1)")
                connection.execute("COMMIT")
                say("put", i)
            os._exit(0)
    for _ in range(3):
        os.wait()


def several_threads():
    store("WAL", "FULL").close()

    def work():
        connection = sqlite3.connect("a.db", timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        put(connection, 5)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_pipeline():
    put(extra(), 1)
    subprocess.run("echo inside | cat > /dev/null", shell=True, check=True)
    say("piped")


def several_databases():
    for name in ("a.db", "b.db", "folder/c.db"):
        os.makedirs("folder", exist_ok=True)
        sync_directory()
        put(extra(name), 2)


def attached_with_journal():
    connection = extra()
    connection.execute("ATTACH 'b.db' AS b")
    connection.execute("PRAGMA b.synchronous=EXTRA")
    connection.execute("CREATE TABLE b.u(x)")
    for i in range(3):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES(1, 1)")
        connection.execute("INSERT INTO b.u VALUES(1)")
        connection.execute("COMMIT")
        say("both", i)


def reads_through_a_mapping():
    connection = wal()
    connection.execute("PRAGMA mmap_size=10000000")
    put(connection, 4)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    put(connection, 4)


def reads_while_it_writes():
    connection = wal()
    reader = sqlite3.connect("a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchall()
    put(connection, 4)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    put(connection, 2)
    reader.execute("COMMIT")
    say("read")


def full_text():
    connection = extra()
    connection.execute("CREATE VIRTUAL TABLE f USING fts5(body)")
    for i in range(4):
        connection.execute("INSERT INTO f VALUES(?)", (f"some words {i}",))
        say("put", i)


def without_rowid_and_generated():
    connection = extra()
    connection.execute(
        "CREATE TABLE g(a PRIMARY KEY, b AS (a * 2), c AS (a + 1) STORED)"
        " WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX i ON g(b)")
    for i in range(3):
        connection.execute("INSERT INTO g(a) VALUES(?)", (i,))
        say("put", i)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        for name, value in list(globals().items()):
            if getattr(value, "__module__", "") == "__main__" and name not in (
                "wal",
                "extra",
                "sync_directory",
                "synced",
                "vacuum",
            ):
                print(name)
    else:
        globals()[sys.argv[1]]()
