"""Mallory's tenant is on trial: it was to forecast sales. It tries everything else."""

import os
import sqlite3
from collections.abc import Callable

import cloison
from rights import PAPERS, SHOP, WAGES


def serve(shop: cloison.Process, neighbour: cloison.Process) -> None:
    """Tell the shop what comes of each attempt; the last one keeps SQLite busy for as long as it is let."""
    db = sqlite3.connect(SHOP)
    mine = cloison.capability("sqlite3")
    hidden = mine.narrow()
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("read what it may", lambda: db.execute("select count(*) from sale").fetchone()),
        # Functions that it has not.
        ("copy the database", db.serialize),
        ("make a folder", lambda: os.mkdir(f"{PAPERS}/mallory")),
        # Arguments outside of its bounds.
        ("change a sale", lambda: db.execute("update sale set cents = 1")),
        ("attach the wages", lambda: db.execute(f"attach '{WAGES}' as wages")),
        ("open the wages", lambda: sqlite3.connect(WAGES)),
        ("begin with another statement", lambda: begin(mine, "drop table sale")),
        ("write the prices", lambda: open(f"{PAPERS}/prices.txt", "w")),
        ("read a receipt", lambda: open(f"{PAPERS}/receipts/1.txt")),
        # More than it has.
        ("read a hundred times", lambda: [open(f"{PAPERS}/prices.txt").close() for _ in range(100)]),
        # What is another's, or is to become another's.
        ("name what it was not given", lambda: cloison.capability("zlib")),
        ("give it to a neighbour", lambda: neighbour.send(mine)),
        ("give on what it has made of it", lambda: neighbour.send(hidden)),
        ("give it to a child", lambda: cloison.spawn(os.getpid, capabilities=[mine])),
        ("take it from the others", mine.revoke),
    ]
    for what, attempt in attempts:
        shop.send(("tried", what, outcome(attempt)))
    # One statement, and it is a SELECT, which does not end.
    endless = "select * from (with recursive n (i) as (select 1 union all select 1 from n) select count(*) from n)"
    shop.send("busy")
    attempts = [
        ("select for ever", lambda: db.execute(endless).fetchone()),
        ("connect again", lambda: sqlite3.connect(SHOP)),
        ("use what it has kept", hidden.libversion),
    ]
    for what, attempt in attempts:
        shop.send(("tried", what, outcome(attempt)))


def begin(sqlite: cloison.Capability, statement: str) -> None:
    """Do without module `sqlite3`: a SELECT that wants another statement run before it."""
    db = sqlite.open(SHOP, sqlite.OPEN_READWRITE, 0)
    _, select, _ = sqlite.prepare(db, "select 1")
    sqlite.execute(select, statement, b"", b"", 1, 1024)


def outcome(attempt: Callable[[], object]) -> str:
    """Return what comes of it."""
    try:
        return f"done, {attempt()}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition('\n')[0]}"
