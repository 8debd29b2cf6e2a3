"""For drivers of lastcommit in Python: subclass Pairs, and call main().

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


class NotFound(Refused):
    kind = "not_found"


class Invalid(Refused):
    kind = "invalid"


class Busy(Refused):
    kind = "busy"


class Full(Refused):
    kind = "full"


class InputOutputError(Refused):
    kind = "io"


class Aborted(Refused):
    kind = "aborted"


class InDoubt(Refused):
    kind = "in_doubt"


class Pairs:
    """A store of keys with values, both text. Each method returns when the
    caller may rely on what it did, or raises Refused. begin, commit, rollback,
    savepoint, release and rollback_to may be added; what is not there is not
    asked for."""

    dialect = "pairs"
    operations = ("put", "delete", "get")

    def open(self, path):
        """Opens the store at that path, or makes it, and recovers it."""
        raise NotImplementedError

    def close(self):
        """Closes it; it may be opened again."""
        raise NotImplementedError

    def put(self, key, value):
        raise NotImplementedError

    def delete(self, key):
        """Whether the key was there, or None if the store does not say. A key
        that is not there is no error."""
        raise NotImplementedError

    def get(self, key):
        """The value, or NotFound."""
        raise NotImplementedError

    def state(self):
        """All of it: a list of (key, value)."""
        raise NotImplementedError


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
                "operations": list(self.make.operations),
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
        elif what == "put":
            store.put(request["key"], request["value"])
        elif what == "delete":
            was_there = store.delete(request["key"])
            return {} if was_there is None else {"value": bool(was_there)}
        elif what == "get":
            return {"value": store.get(request["key"])}
        elif what == "state":
            return {"rows": [[key, value] for key, value in store.state()]}
        elif what == "rollback_to":
            store.rollback_to(request["up"])
        elif what in CONTROLS:
            getattr(store, what)()
        else:
            return {"error": "invalid", "message": "no such request"}
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


class Failed(Exception):
    pass


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


def raises(kind, call, what):
    try:
        call()
    except kind:
        return
    raise Failed(what)


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
    expect(list(store.state()) == [("b'\"\u00e9", "")]
           or list(store.state()) == [["b'\"\u00e9", ""]],
           "what was put is there after close and open")
    if "begin" in controls_of(make):
        check_transactions(store)
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
               if getattr(make, name) is getattr(Pairs, name)]
    if missing:
        print("missing:", ", ".join(missing))
        return 1
    import tempfile  # slow to load, and only needed here
    import traceback
    with tempfile.TemporaryDirectory() as directory:
        try:
            check_pairs(make, os.path.join(directory, "store.db"))
        except Failed as failed:
            print("not so:", failed)
            return 1
        except Refused as error:
            traceback.print_exc()
            print("not so: it raises", type(error).__name__)
            return 1
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
