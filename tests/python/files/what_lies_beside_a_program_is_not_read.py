import os
try:
    print(open('beside.txt').read())
except OSError as error:
    print(type(error).__name__)
