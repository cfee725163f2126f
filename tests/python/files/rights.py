"""Tries every expression of `sys.argv` and prints what becomes of it, with its notes."""

import os
import pathlib
import sys

import cloison

for expression in sys.argv[1:]:
    try:
        print("ok", repr(eval(expression)))
    except Exception as error:
        print(type(error).__name__, str(error), *getattr(error, "__notes__", ()), sep=" | ")
