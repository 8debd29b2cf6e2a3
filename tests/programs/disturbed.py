"""Programs to be disturbed; the argument names one.

Each acknowledges with a question, which holds only if it is so.
"""

import ctypes
import mmap
import os
import socket
import sqlite3
import sys

from mistakes import store


def acknowledge(line):
    os.write(int(os.environ["LASTCOMMIT_ACK_FD"]), (line + "\n").encode())


def stored(i):
    acknowledge(f"{i} ? SELECT count(*) = 1 FROM t WHERE x = {i}")


def put(connection, i):
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES(?, ?)", (i, "y" * 300))
    connection.execute("COMMIT")


def says_that_it_failed():
    """Acknowledges what was committed, and nothing after an error."""
    try:
        connection = store("DELETE", "EXTRA")
        for i in range(5):
            put(connection, i)
            stored(i)
    except (sqlite3.Error, OSError):
        sys.exit(1)


def goes_on_after_an_error():
    """The same, and tries the next one after an error."""
    try:
        connection = store("WAL", "FULL")
    except sqlite3.Error:
        sys.exit(1)
    for i in range(5):
        try:
            put(connection, i)
            stored(i)
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def ignores_errors():
    """Acknowledges whatever became of it."""
    connection = store("DELETE", "EXTRA")
    for i in range(5):
        try:
            put(connection, i)
        except sqlite3.Error:
            pass
        stored(i)


def four_at_once():
    store("WAL", "FULL").close()
    children = []
    for who in range(4):
        if (pid := os.fork()) == 0:
            connection = sqlite3.connect("a.db", timeout=60, isolation_level=None)
            connection.execute("PRAGMA synchronous=FULL")
            for i in range(4):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO t VALUES(?, ?)", (who, i))
                connection.execute("COMMIT")
                os.write(1, b"put\n")
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def writes_unseen():
    """Through a mapping that was made for reading: no recorder sees it."""
    connection = store("DELETE", "EXTRA")
    with open("file", "wb") as file:
        file.write(b"a" * 4096)
    descriptor = os.open("file", os.O_RDWR)
    seen = mmap.mmap(descriptor, 4096, mmap.MAP_SHARED, mmap.PROT_READ)
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [
        ctypes.c_long
    ]
    at = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    libc.mprotect(
        ctypes.c_void_p(at), 4096, mmap.PROT_READ | mmap.PROT_WRITE
    )
    ctypes.memset(at, ord("b"), 10)
    seen.close()
    for i in range(5):
        put(connection, i)


def answers_over(kind, address):
    client = socket.socket(kind, socket.SOCK_STREAM)
    client.connect(address)
    client.send(b"sent")
    client.sendmsg([b"sent as a message"])
    os.write(client.fileno(), b"written")


def answers_over_unix():
    answers_over(socket.AF_UNIX, sys.argv[2])


def answers_over_tcp():
    answers_over(socket.AF_INET, ("127.0.0.1", int(sys.argv[2])))


def talks_to_itself():
    """To processes that are recorded, too, and by datagrams."""
    here, there = socket.socketpair()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.sendto(b"to nobody", listener.getsockname())
    if os.fork() == 0:
        client = socket.socket()
        client.connect(listener.getsockname())
        client.send(b"question")
        client.recv(10)
        there.send(b"over the pair")
        os._exit(0)
    client, _ = listener.accept()
    client.recv(10)
    client.send(b"answer")
    here.recv(20)
    os.wait()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
