"""Runs one of the drivers here: run.py MODULE [BUG], as in `run.py planted
sound`. Python keeps what it has compiled of a module, and of a program it does
not; a driver is started very often."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../examples/python"))

if __name__ == "__main__":
    __import__(sys.argv.pop(1)).main()
