"""What each tenant may do: the rights that the shop makes of its own."""

import os

import cloison

SHOP, WAGES, PAPERS = "/data/shop.db", "/data/wages.db", "/papers"

#: The till's statements. It runs these and no others, whatever somebody types in as a name.
ADD = "insert into sale (thing, pieces, cents) values (?, ?, ?) returning id"
TODAY = "select count(*), sum(cents) from sale"

#: What module `sqlite3` calls to open a database, run a statement and fetch its rows.
_STATEMENTS = [
    "close",
    "columns",
    "config",
    "error",
    "errstr",
    "execute",
    "fetch",
    "get_autocommit",
    "libversion",
    "limit",
    "open",
    "prepare",
    "reset",
]
#: What is called to read a file.
_READING = ["close", "fstat", "lseek", "open", "open_read", "read", "roots"]
#: … and to see what there is.
_LISTING = ["access", "closedir", "opendir", "readdir", "stat"]


def till() -> list[cloison.Capability]:
    """The till adds sales by its own statements, and keeps its receipts: all that can be done with files, in the one folder."""
    return [
        cloison.capability("sqlite3").narrow(
            functions=[*_STATEMENTS, "run"],
            where={
                "open": f"path == {quoted(SHOP)}",
                "prepare": f"sql in [{quoted(ADD)}, {quoted(TODAY)}]",
                "execute": 'begin == "BEGIN " || len(begin) == 0',
                "run": 'sql in ["COMMIT", "ROLLBACK"]',
            },
        ),
        cloison.capability("files"),
        cloison.capability("zlib"),
    ]


def reports() -> list[cloison.Capability]:
    """Reports read: any SELECT of the shop's database, and all papers."""
    return [
        cloison.capability("sqlite3").narrow(functions=_STATEMENTS, where=_selects(SHOP)),
        cloison.capability("files").narrow(functions=[*_READING, *_LISTING], where={"open": _READ_ONLY}),
    ]


def trial() -> list[cloison.Capability]:
    """Who is on trial reads as well, for ten minutes, and of the papers one alone, in 40 calls. It cannot give that to anybody."""
    one = f"path == {quoted(PAPERS + '/prices.txt')}"
    return [
        cloison.capability("sqlite3").narrow(functions=_STATEMENTS, where=_selects(SHOP), expires=600, delegate=False),
        cloison.capability("files").narrow(
            functions=_READING,
            where={"open": [_READ_ONLY, one], "open_read": one},
            calls=40,
            expires=600,
            delegate=False,
        ),
    ]


def quoted(text: str) -> str:
    """Return a text as a bound has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


#: What `open` and `os.open` ask for when they read.
_READ_ONLY = f"flags in [{os.O_RDONLY}, {os.O_RDONLY | os.O_CLOEXEC}]"


def _selects(path: str) -> dict[str, str]:
    """One database and no statement but SELECT, which changes nothing and opens nothing; what begins a transaction is a statement, too."""
    return {"open": f"path == {quoted(path)}", "prepare": 'sql starts_with "select "', "execute": "len(begin) == 0"}
