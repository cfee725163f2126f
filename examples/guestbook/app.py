"""A guestbook: who was here, and what they said.

    cloison run examples/guestbook sign NAME WORDS…
    cloison run examples/guestbook [read [COUNT]]
    cloison run examples/guestbook find WORD
    cloison run examples/guestbook dump > book.sql
"""

import sqlite3
import sys
import unicodedata
from contextlib import closing

SCHEMA = """
    create table if not exists entry (
        id integer primary key,
        name text not null check (length(name) between 1 and 60),
        words text not null check (length(words) between 1 and 1000),
        at text not null default (strftime('%Y-%m-%d %H:%M', 'now'))
    );
    create index if not exists entry_by_name on entry (name);
"""
ENTRIES = 10


def fold(text: str) -> str:
    """Return a text without case and accents; SQL calls it."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def opened(path: str) -> sqlite3.Connection:
    """Return the book; whoever opens it first makes it."""
    book = sqlite3.connect(path)
    book.row_factory = sqlite3.Row
    book.create_function("fold", 1, fold, deterministic=True)
    book.executescript(SCHEMA)
    return book


def sign(book: sqlite3.Connection, name: str, words: str) -> None:
    """Write an entry."""
    with book:
        number = book.execute("insert into entry (name, words) values (?, ?) returning id", (name, words)).fetchone()["id"]
    print(f"entry {number}: thank you, {name}")


def show(entries: sqlite3.Cursor) -> None:
    """Print entries."""
    found = False
    for entry in entries:
        found = True
        print(f"{entry['at']}  {entry['name']}: {entry['words']}")
    if not found:
        print("nobody was here")


def main() -> int:
    """Do what the arguments say."""
    command, *arguments = sys.argv[1:] or ["read"]
    with closing(opened("/book/guestbook.db")) as book:
        match command, arguments:
            case "sign", [name, *words] if words:
                try:
                    sign(book, name, " ".join(words))
                except sqlite3.IntegrityError as error:
                    print(f"not in this book: {error}", file=sys.stderr)
                    return 1
            case "read", [] | [_]:
                count = int(arguments[0]) if arguments else ENTRIES
                show(book.execute("select * from entry order by id desc limit ?", (count,)))
            case "find", [word]:
                show(book.execute("select * from entry where instr(fold(name || ' ' || words), fold(?)) order by id", (word,)))
            case "dump", []:
                for line in book.iterdump():
                    print(line)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    return 0
