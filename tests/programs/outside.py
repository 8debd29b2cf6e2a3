"""Two programs: one that is recorded, and one outside of it that writes to a
file of the private copy. `outside.py serve SOCKET` says "listening", appends to
the file that it is told and keeps it open; `outside.py ask SOCKET` makes that
file, tells its path and waits until it was changed."""

import os
import socket
import sys


def serve(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    print("listening", flush=True)
    connection, _ = server.accept()
    with open(connection.recv(4096), "a") as file:
        file.write("by another")
        file.flush()
        connection.sendall(b"changed")
        server.accept()  # until it is killed


def ask(path):
    with open("file", "w") as file:
        file.write("mine")
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(os.path.abspath("file").encode())
    connection.recv(100)


{"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2])
