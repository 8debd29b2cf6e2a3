"""A driver that does the next request before it answers this one."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "examples/python"))
import driver  # noqa: E402
from lastcommit_driver import Driver  # noqa: E402


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


if __name__ == "__main__":
    main()
