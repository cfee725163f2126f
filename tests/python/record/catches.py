import sqlite3
import subprocess
import urllib.request


def attempt(what):
    try:
        what()
    except (OSError, sqlite3.Error) as error:
        print(type(error).__name__)


attempt(lambda: open("/etc/hostname"))
attempt(lambda: open("/etc/made", "w"))
attempt(lambda: urllib.request.urlopen("https://a.example/v1"))
attempt(lambda: sqlite3.connect("/data/a.db"))
attempt(lambda: subprocess.run(["git", "log"]))
