import os
import tempfile
from cloison import receive, self, spawn


def other(parent):
    try:
        with open("/tmp/secret") as file:
            parent.send(file.read())
    except FileNotFoundError:
        parent.send(f"nothing of others; {tempfile.gettempdir()}")
    with open("/tmp/mine", "w") as file:
        file.write("mine")
    parent.send(sorted(os.listdir("/tmp")))


def without(parent):
    try:
        open("/data/a")
    except PermissionError as error:
        parent.send(str(error))


if __name__ == "__main__":
    with open("/tmp/secret", "w") as file:
        file.write("secret")
    spawn(other, self(), capabilities=["files"])
    print(receive(timeout=300), receive(timeout=300), os.listdir("/tmp"))
    spawn(without, self())
    print(receive(timeout=300))
