"""Reads what lies beside it: while it is imported, when it runs, and in another process."""

import importlib.metadata
import importlib.resources
import os
import pathlib
import pkgutil

import shop
from cloison import receive, self, spawn

HERE = os.path.dirname(__file__)
AT_IMPORT = open(os.path.join(HERE, "templates", "page.html")).read()


def attempt(function, *args):
    try:
        return function(*args)
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"


def look(folder):
    page = pathlib.Path(folder, "templates", "page.html")
    return [
        page.read_text(),
        page.stat().st_size,
        sorted(os.listdir(os.path.join(folder, "templates"))),
        sorted(name for _, _, files in os.walk(os.path.join(folder, "templates")) for name in files),
        [entry.is_file() for entry in os.scandir(os.path.join(folder, "templates"))],
        importlib.resources.files("shop").joinpath("data.txt").read_text(),
        importlib.resources.read_text("shop", "data.txt"),
        pkgutil.get_data("shop", "data.txt"),
        importlib.metadata.version("demo-package"),
        sorted(one.name for one in importlib.metadata.distributions()),
    ]


def other(parent):
    parent.send(look(HERE))


def main():
    print(AT_IMPORT, shop.AT_IMPORT)
    print(look(HERE))
    spawn(other, self())
    print(receive(timeout=300) == look(HERE))
    page = os.path.join(HERE, "templates", "page.html")
    print(attempt(open, page, "w"), attempt(os.unlink, page), attempt(os.mkdir, os.path.join(HERE, "new")))
    print(attempt(open, os.path.join(HERE, "out")), attempt(open, "/etc/passwd"), attempt(open, os.path.join(HERE, "..", "secret")))
    print(attempt(open, os.path.join(HERE, "large"), "rb"), attempt(open, os.path.join(HERE, "none")))
    with open(page, "rb") as file:
        print(file.seek(-4, 2), file.read(), file.seek(0), file.read(3), file.tell())
