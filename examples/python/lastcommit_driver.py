"""For drivers of lastcommit in Python 3.8 or newer: a class with your store,
below one of Pairs, Checkpoints, Queue, Log and Own, and a call of main(). Then:

    python3 driver.py --selftest
    lastcommit fuzz --driver='python3 driver.py'

docs/driver-protocol.md says what goes over the descriptors 3 and 4."""

import base64
import json
import os
import sqlite3
import sys

CONTROLS = "begin commit rollback savepoint release rollback_to".split()


class Refused(Exception):  # what a store raises instead of an answer
    kind = "refused"


NotFound, Invalid, Busy, Full, InputOutputError, Aborted, InDoubt = (
    type(kind, (Refused,), {"kind": kind}) for kind in
    ("not_found", "invalid", "busy", "full", "io", "aborted", "in_doubt"))


class Pairs:
    """A store of keys with values, both text. Each method returns when the
    caller may rely on what it did, or raises Refused:

    open(path)       opens the store at that path, or makes it; recovers it
    close()
    put(key, value)
    delete(key)      whether it was there, or None: the store cannot say
    get(key)         the value, or NotFound
    state()          all of it: a list of (key, value)

    begin, commit, rollback, savepoint, release and rollback_to(up) may be
    added; what is not there is not asked for."""
    dialect = "pairs"
    must = ("put", "delete", "get")


class Checkpoints:
    """Checkpoints of threads, and writes that wait at one; `ns` and `parent`
    may be None. As Pairs, but for:

    put(thread, ns, id, parent, value)
    put_writes(thread, ns, id, task, values)
    get(thread, ns, id)    (parent, value, [(task, number, value)]) or NotFound
    state()    a list of ("checkpoint", thread, ns, id, parent, value) and
               ("write", thread, ns, id, task, number, value)

    May be added: put_bytes, as put_writes; put_step(thread, ns, id, parent,
    value, task, values); delete_thread(thread)."""
    dialect = "checkpoints"
    must = ("put", "put_writes", "get")


class Queue:
    """A queue of jobs; the page says what they are. `now` and `lease` are
    seconds; use no other clock. As Pairs, but for:

    enqueue(job, value, now)
    claim(worker, now, lease)     (job, value) or None; or claim_waiting
    complete(job, worker, now)    whether it was the worker's, or None
    state()                       a list of ("waiting" or "claimed", job, value)

    May be added: claim_waiting(worker, now); enqueue_batch([(job, value)],
    now); fail and release, as complete; requeue(lease, now). Set refuses_late
    if complete() does nothing for a worker that lost the job to another."""
    dialect = "queue"
    must = ("enqueue", "complete")
    refuses_late = False


class Log:
    """A log of entries, texts: each has the next number, from 1, and none is
    given again. As Pairs, but for:

    append(entry)    its number, or None
    state()          a list of (number, entry), and ("next", number)

    May be added: append_batch(entries), the number of the last one; read(after,
    limit), a list of (number, entry); trim(to), which removes all up to it."""
    dialect = "log"
    must = ("append",)


class Own:
    """A store with other operations. `operations` and `queries` have for each
    its arguments, which come by name:

        operations = {"deposit": {"account": name(5), "amount": integer(1, 9),
                                  "note": TEXT}}
        def deposit(self, account, amount, note): ...
    state() gives all of the store as a list of rows, of anything JSON has."""
    dialect = "own"
    must = ()
    operations, queries = {}, {}


def name(count=5):
    return {"kind": "name", "count": count}  # one of so many texts


def integer(low, high):
    return {"kind": "integer", "min": low, "max": high}


TEXT = {"kind": "text"}  # that is in no other operation
BYTES = {"kind": "bytes"}  # the same


# Of each dialect the arguments of its operations, as requests call them.
DIALECTS = {
    "pairs": {"put": "key value", "delete": "key", "get": "key"},
    "checkpoints": {
        "put": "thread ns checkpoint parent value",
        **dict.fromkeys(("put_writes", "put_bytes"),
                        "thread ns checkpoint task writes"),
        "put_step": "thread ns checkpoint parent value task writes",
        "get": "thread ns checkpoint", "delete_thread": "thread"},
    "queue": {
        "enqueue": "job value now", "enqueue_batch": "jobs now",
        "claim": "worker now lease", "claim_waiting": "worker now",
        **dict.fromkeys(("complete", "complete_late", "fail", "release"),
                        "job worker now"), "requeue": "lease now"},
    "log": {"append": "entry", "append_batch": "entries",
            "read": "after limit", "trim": "to"}, "own": {}}


def of_json(value):
    return base64.b64decode(value["base64"]) if "base64" in value else value


def to_json(value):  # bytes, or a memoryview
    return {"base64": base64.b64encode(value).decode()}


def has(store, method):
    return callable(getattr(store, method, None))


def operations_of(store):
    if store.dialect == "own":
        return [{"name": each, "changes": each in store.operations,
                 "arguments": [dict(kind, name=argument)
                               for argument, kind in arguments.items()]}
                for each, arguments in ({**store.operations,
                                        **store.queries}).items()]
    return [each for each in DIALECTS[store.dialect] if has(store, each) or
            each == "complete_late" and store.refuses_late]


class Driver:
    def __init__(self, make, name, promise, clients=1):
        self.make, self.store = make, None
        controls = CONTROLS[:3 if make.dialect == "queue" else 6]
        self.hello = {
            "protocol": 1, "store": name, "dialect": make.dialect,
            "operations": operations_of(make), "promise": promise,
            "controls": [each for each in controls if has(make, each)],
            "clients": clients, "sqlite": sqlite3.sqlite_version}

    def answer(self, request):
        try:
            return self.do(request["do"], request)
        except Refused as error:
            return {"error": error.kind, "message": str(error)}
        except sqlite3.OperationalError as error:  # SQLITE_BUSY
            if "locked" not in str(error):
                raise
            return {"error": "busy", "message": str(error)}

    def do(self, what, request):
        if what == "hello":
            return self.hello
        store = self.make() if what == "open" else self.store
        arguments = DIALECTS[self.make.dialect].get(what)
        if store is None:
            raise Refused("no store is open")
        if what == "open":
            store.open(request["path"])
            self.store = store
        elif what == "close":
            self.store = None
            store.close()
        elif what == "state":
            return {"rows": list(store.state())}
        elif what == "rollback_to":
            store.rollback_to(request["up"])
        elif arguments is not None:
            method = getattr(store, what.replace("_late", ""))
            return self.value_of(what, method(
                *[request.get(each) for each in arguments.split()]))
        elif "arguments" in request:
            getattr(store, what)(**request["arguments"])
        elif what in CONTROLS:
            getattr(store, what)()
        else:
            return {"error": "invalid", "message": "no such request"}
        return {}

    def value_of(self, what, value):
        if what == "get" and self.make.dialect == "checkpoints":
            value = dict(zip(("parent", "value", "writes"), value))
        is_said = type(value) is (int if what.startswith("append") else bool)
        is_said = is_said or what.startswith(("get", "claim", "read"))
        return {"value": value} if is_said else {}

    def serve(self):
        with os.fdopen(3, encoding="utf-8") as requests:
            for line in requests:
                request = json.loads(line, object_hook=of_json)
                answer = dict(self.answer(request), id=request["id"])
                line = (json.dumps(answer, default=to_json) + "\n").encode()
                while line:
                    line = line[os.write(4, line):]


# The self-test: requests with their arguments, and what is answered, if it is
# to be compared: a value, rows, in {} the kind of an error.
REOPEN = [("close", []), ("open", [])]
TESTS = {
    "pairs": [
        ("state", [], []), ("get", ["a"], {"not_found"}), ("put", ["a", "1"]),
        ("put", ["a", "2"]), ("put", ["b'\"\u00e9", ""]),
        ("get", ["b'\"\u00e9"], ""), ("get", ["a"], "2"),
        ("delete", ["a"], True), ("delete", ["a"], False), *REOPEN,
        ("state", [], [["b'\"\u00e9", ""]]),
        ("begin", []), ("put", ["t", "1"]), ("get", ["t"], "1"),
        ("rollback", []), ("get", ["t"], {"not_found"}),
        ("begin", []), ("begin", [], {"refused"}), ("put", ["t", "2"]),
        ("commit", []), ("get", ["t"], "2"),
        ("commit", [], {"refused"}), ("rollback", [], {"refused"})],
    "checkpoints": [
        ("state", [], []), ("get", ["t", None, "a"], {"not_found"}),
        ("put", ["t", None, "a", None, "1"]),
        ("put", ["t", "n", "a", "b", "2"]),
        ("put_writes", ["t", None, "a", "k", ["3", "4"]]),
        ("put_writes", ["t", None, "a", "k", ["5", "6", "7"]]), *REOPEN,
        ("state", [], [["checkpoint", "t", "", "a", None, "1"],
                       ["checkpoint", "t", "n", "a", "b", "2"],
                       ["write", "t", "", "a", "k", 0, "3"],
                       ["write", "t", "", "a", "k", 1, "4"],
                       ["write", "t", "", "a", "k", 2, "7"]])],
    "queue": [
        ("state", [], []), ("enqueue", ["a", "1", 10]),
        ("enqueue", ["b", "2", 20]), *REOPEN,
        ("state", [], [["waiting", "a", "1"], ["waiting", "b", "2"]])],
    "log": [
        ("state", [], [["next", 1]]), ("append", ["a"], 1),
        ("append", ["b"], 2), ("read", [1, 9], [[2, "b"]]), ("trim", [9]),
        *REOPEN, ("append", ["c"], 3), ("append_batch", [["d", "e"]], 5)],
    "own": [("state", []), ("close", [])]}


# What is wrong.
def selftest(driver, path):
    make, hello = driver.make, driver.hello
    names = [*getattr(make, "operations", ()), *getattr(make, "queries", ())]
    missing = [each for each in ["open", "close", "state", *make.must, *names]
               if not has(make, each)]
    if missing:
        return "missing: " + ", ".join(missing)
    asked = hello["operations"] + hello["controls"] + ["open", "close", "state"]
    for what, values, *expected in [("open", [])] + TESTS[make.dialect]:
        if what not in asked:
            continue
        expected = expected[0] if expected else ...
        names = DIALECTS[make.dialect].get(what, "").split()
        answer = json.loads(json.dumps(driver.answer(
            dict(zip(names, values), do=what, path=path)), default=to_json))
        given = answer.get("value", ...)
        if what == "state" and "rows" in answer:
            given = sorted(answer["rows"], key=json.dumps)
        given = {answer["error"]} if "error" in answer else given
        if given != expected and (type(given) is set or type(expected) is set or
                                  ... not in (given, expected)):
            words = ["no error" if each is ... else "the error " + min(each)
                     if type(each) is set else json.dumps(each)
                     for each in (given, expected)]
            return "%s of %s gives %s, and has to give %s" % (
                what, json.dumps(values), *words)


def main(make, store, promise="process", clients=1):
    """`promise`: what a return is worth: "process", it survives that, or
    "power", also a loss of power. `clients`: so many may be open at once."""
    driver = Driver(make, store, promise, clients)
    if "--selftest" in sys.argv:
        import tempfile  # is slow
        with tempfile.TemporaryDirectory() as directory:
            wrong = selftest(driver, directory + "/store.db")
        print(wrong or "a correct store without crashes; controls: " + (
            ", ".join(driver.hello["controls"]) or "none"))
        sys.exit(1 if wrong else 0)
    driver.serve()
