"""For drivers of lastcommit in Python: subclass Pairs or Checkpoints, and call
main().

A driver is a program that has your store and does what lastcommit asks:

    class MyStore(lastcommit_driver.Pairs):
        def open(self, path): ...
        def put(self, key, value): ...
        ...

    lastcommit_driver.main(MyStore, store="my-store")

Then:  python3 driver.py --selftest
       lastcommit fuzz --driver='python3 driver.py'

docs/driver-protocol.md says what goes over the descriptors 3 and 4. This file
needs Python 3.8 and nothing else.
"""

import base64
import json
import os
import sqlite3
import sys

PROTOCOL = 1
CONTROLS = ("begin", "commit", "rollback", "savepoint", "release",
            "rollback_to")


class Refused(Exception):
    """What a store raises instead of an answer; the class is the kind."""
    kind = "refused"


def refusal(name, kind):
    return type(name, (Refused,), {"kind": kind})


NotFound = refusal("NotFound", "not_found")
Invalid = refusal("Invalid", "invalid")
Busy = refusal("Busy", "busy")
Full = refusal("Full", "full")
InputOutputError = refusal("InputOutputError", "io")
Aborted = refusal("Aborted", "aborted")
InDoubt = refusal("InDoubt", "in_doubt")


class Pairs:
    """A store of keys with values, both text. Each method returns when the
    caller may rely on what it did, or raises Refused:

    open(path)       opens the store at that path, or makes it; recovers it
    close()          closes it; it may be opened again
    put(key, value)
    delete(key)      whether the key was there, or None if the store does not
                     say; a key that is not there is no error
    get(key)         the value, or NotFound
    state()          all of it: a list of (key, value)

    begin, commit, rollback, savepoint, release and rollback_to(up) may be
    added; what is not there is not asked for."""

    dialect = "pairs"
    operations = ("put", "delete", "get")


class Checkpoints:
    """Checkpoints of threads, and writes that wait at one. `ns` and `parent`
    are None where none is given. A value is a text. As Pairs, but for:

    put(thread, ns, id, parent, value)         one with that id is replaced
    put_writes(thread, ns, id, task, values)   with the numbers 0, 1, ...; one
                                               that is there already stays
    get(thread, ns, id)    (parent, value, [(task, number, value)]) or NotFound
    state()    a list of ("checkpoint", thread, ns, id, parent, value) and
               ("write", thread, ns, id, task, number, value)

    May be added: put_bytes, which is put_writes with bytes; put_step(thread,
    ns, id, parent, value, task, values), both in one; delete_thread(thread)."""

    dialect = "checkpoints"
    operations = ("put", "put_writes", "get")


OPTIONAL = {"pairs": (), "checkpoints": ("put_bytes", "put_step",
                                         "delete_thread")}


def from_json(value):
    return base64.b64decode(value["base64"]) if type(value) is dict else value


def to_json(value):
    if isinstance(value, (bytes, memoryview)):
        return {"base64": base64.b64encode(value).decode()}
    return value


def controls_of(store):
    return [name for name in CONTROLS if callable(getattr(store, name, None))]


class Driver:
    def __init__(self, make, name, promise):
        self.make = make
        self.name = name
        self.promise = promise
        self.store = None

    def hello(self):
        return {"protocol": PROTOCOL, "store": self.name,
                "dialect": self.make.dialect,
                "operations": list(self.make.operations) + [
                    name for name in OPTIONAL[self.make.dialect]
                    if callable(getattr(self.make, name, None))],
                "controls": controls_of(self.make),
                "promise": self.promise, "sqlite": sqlite3.sqlite_version}

    def answer(self, request):
        """What is answered beside the number of the request."""
        what = request["do"]
        if what == "hello":
            return self.hello()
        try:
            return self.do(what, request)
        except Refused as error:
            return {"error": error.kind, "message": str(error)}

    def do(self, what, request):
        if what == "open":
            store = self.make()
            store.open(request["path"])
            self.store = store
            return {}
        store = self.store
        if store is None:
            raise Refused("no store is open")
        if what == "close":
            self.store = None
            store.close()
        elif what == "state":
            return {"rows": [[to_json(value) for value in row]
                             for row in store.state()]}
        elif what == "rollback_to":
            store.rollback_to(request["up"])
        elif what in CONTROLS:
            getattr(store, what)()
        elif self.make.dialect == "checkpoints":
            return self.do_checkpoints(store, what, request)
        elif what == "put":
            store.put(request["key"], request["value"])
        elif what == "delete":
            was_there = store.delete(request["key"])
            return {} if was_there is None else {"value": bool(was_there)}
        elif what == "get":
            return {"value": store.get(request["key"])}
        else:
            return {"error": "invalid", "message": "no such request"}
        return {}

    def do_checkpoints(self, store, what, request):
        if what == "delete_thread":
            store.delete_thread(request["thread"])
            return {}
        at = [request["thread"], request.get("ns"), request["checkpoint"]]
        if what == "get":
            parent, value, writes = store.get(*at)
            return {"value": {
                "parent": parent, "value": to_json(value),
                "writes": [[to_json(part) for part in write]
                           for write in writes]}}
        if what in ("put", "put_step"):
            at += [request.get("parent"), from_json(request["value"])]
        if what != "put":
            at += [request["task"], list(map(from_json, request["writes"]))]
        getattr(store, what)(*at)
        return {}

    def serve(self):
        with os.fdopen(3, encoding="utf-8") as requests:
            for line in requests:
                request = json.loads(line)
                answer = dict(self.answer(request), id=request["id"])
                write_all(4, (json.dumps(answer) + "\n").encode())


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data):]


# ---- the self-test: without a crash, what lastcommit takes for granted ----


def expect(is_so, what):
    if not is_so:
        print("not so:", what)
        sys.exit(1)


def raises(kind, call, what):
    try:
        call()
    except kind:
        return
    expect(False, what)


def check_pairs(make, path):
    store = make()
    store.open(path)
    expect(list(store.state()) == [], "a new store has no rows")
    raises(NotFound, lambda: store.get("a"),
           "get of a key that is not there raises NotFound")
    store.put("a", "1")
    store.put("a", "2")
    store.put("b'\"\u00e9", "")
    expect(store.get("a") == "2", "put replaces the value")
    expect(store.get("b'\"\u00e9") == "",
           "keys may have quotes and other letters, values may be empty")
    expect(store.delete("a") in (True, None), "delete of a key that is there")
    expect(store.delete("a") in (False, None), "delete of one that is not")
    store.close()
    store = make()
    store.open(path)
    expect(list(map(list, store.state())) == [["b'\"\u00e9", ""]],
           "what was put is there after close and open")
    if "begin" in controls_of(make):
        check_transactions(store)
    store.close()


def check_checkpoints(make, path):
    store = make()
    store.open(path)
    expect(list(store.state()) == [], "a new store has no rows")
    raises(NotFound, lambda: store.get("t", None, "a"),
           "get of a checkpoint that is not there raises NotFound")
    store.put("t", None, "a", None, "1")
    store.put("t", "n", "a", "b", "2")
    store.put_writes("t", None, "a", "task", ["3", "4"])
    store.put_writes("t", None, "a", "task", ["5", "6", "7"])
    store.close()
    store = make()
    store.open(path)
    expect(sorted(map(list, store.state())) == [
        ["checkpoint", "t", "", "a", None, "1"],
        ["checkpoint", "t", "n", "a", "b", "2"],
        ["write", "t", "", "a", "task", 0, "3"],
        ["write", "t", "", "a", "task", 1, "4"],
        ["write", "t", "", "a", "task", 2, "7"]],
        "the state has what was put; a write that is there already stays")
    store.close()


def check_transactions(store):
    store.begin()
    store.put("t", "1")
    expect(store.get("t") == "1", "a transaction sees what it has put")
    store.rollback()
    raises(NotFound, lambda: store.get("t"), "rollback takes a put back")
    store.begin()
    raises(Refused, store.begin, "begin in a transaction raises Refused")
    store.put("t", "2")
    store.commit()
    expect(store.get("t") == "2", "commit keeps a put")
    raises(Refused, store.commit, "commit without begin raises Refused")
    raises(Refused, store.rollback, "rollback without begin raises Refused")
    store.begin()
    store.put("t", "3")  # and it is closed so


def selftest(make):
    missing = [name for name in ("open", "close", "state") + make.operations
               if not hasattr(make, name)]
    if missing:
        print("missing:", ", ".join(missing))
        return 1
    import tempfile  # slow to load, and only needed here
    with tempfile.TemporaryDirectory() as directory:
        check = check_pairs if make.dialect == "pairs" else check_checkpoints
        check(make, os.path.join(directory, "store.db"))
    has = controls_of(make)
    print("a correct store without crashes; controls:",
          ", ".join(has) if has else "none")
    return 0


def main(make, store, promise="process"):
    """`promise`: what a method's return is worth: "process", it survives the
    death of the process, or "power", also a loss of power."""
    if sys.argv[1:] == ["--selftest"]:
        sys.exit(selftest(make))
    Driver(make, store, promise).serve()
