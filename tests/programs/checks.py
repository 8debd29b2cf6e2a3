"""Looks at what a crash left of a program of mistakes.py; the argument says how.

What is printed is for people; the exit code is the answer.
"""

import json
import os
import sqlite3
import sys
import time


def rows():
    connection = sqlite3.connect("a.db")
    return [name for (name,) in connection.execute("SELECT x FROM t ORDER BY x")]


def printed():
    with open(os.environ["LASTCOMMIT_PRINTED"]) as file:
        return file.read().splitlines()


def files():
    """Each file that a row names is there, and whole."""
    for name in rows():
        if not os.path.exists(name):
            sys.exit(f"{name} is missing")
        if os.path.getsize(name) != 700:
            sys.exit(f"{name} has {os.path.getsize(name)} bytes")


def acknowledged():
    """Of each acknowledgement "ack 5 ..." there is the row 5."""
    numbers = rows()
    for line in printed():
        if int(line.split()[1]) not in numbers:
            sys.exit(f"{line}: no row")


def state():
    """Prints the step of state.json; what is on standard error is no state."""
    print(time.monotonic_ns(), file=sys.stderr)
    if os.path.exists("state.json"):
        with open("state.json") as file:
            print("step", json.load(file)["step"])
    else:
        print("no step")


def names():
    """Prints the files that rows name."""
    for name in rows():
        print(name, os.path.getsize(name) if os.path.exists(name) else "missing")


def table():
    """Prints the rows of the table."""
    for row in sqlite3.connect("a.db").execute("SELECT * FROM t ORDER BY x, y"):
        print(*row)


def clean():
    """A recovery: removes the rows whose file is not whole."""
    connection = sqlite3.connect("a.db")
    for name in rows():
        if not os.path.exists(name) or os.path.getsize(name) != 700:
            connection.execute("DELETE FROM t WHERE x = ?", (name,))
    connection.commit()


def private():
    """Leaves something behind, which no other check may find."""
    if os.path.exists("left"):
        sys.exit("somebody was here")
    open("left", "w").close()


def environment():
    if os.environ["LASTCOMMIT_CRASH"] not in ("kill", "power", "none"):
        sys.exit("which crash?")
    int(os.environ["LASTCOMMIT_CALL"])


def fails():
    sys.exit("always")


def clock():
    print(time.monotonic_ns())


def never_ends():
    if os.environ["LASTCOMMIT_CRASH"] != "none":
        if os.fork() == 0:
            os.fork()
        time.sleep(1000)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
