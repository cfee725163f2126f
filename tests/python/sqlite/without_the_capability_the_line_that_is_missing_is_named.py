import sqlite3
try:
    sqlite3.connect(':memory:')
except PermissionError as error:
    print(error)
