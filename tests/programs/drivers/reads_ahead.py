"""A driver that does the next request before it answers this one."""

import json
import os

import driver
from lastcommit_driver import Driver


def main():
    does = Driver(driver.Store, "reads-ahead", "process")
    waiting = []
    with os.fdopen(3, encoding="utf-8") as requests:
        for line in requests:
            request = json.loads(line)
            waiting.append(dict(does.answer(request), id=request["id"]))
            if request["do"] == "put":
                continue
            for answer in waiting:
                os.write(4, (json.dumps(answer) + "\n").encode())
            waiting = []
