"""Looks for the file that a secret comes from, beside itself."""

import os

here = os.path.dirname(os.path.abspath(__file__))
for how in (open, os.stat, os.listdir):
    try:
        print(how(os.path.join(here, "key.txt")))
    except OSError as error:
        print(type(error).__name__)
print("main.py" in os.listdir(here))
