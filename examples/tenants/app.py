"""A shop with three tenants: each is a process with rights of its own, and one of them is hostile.

    cloison run examples/tenants
"""

import os
import sqlite3
import sys
from contextlib import closing

import ada
import ben
import cloison
import mallory
import rights

SALES = [("enamel", 2, 1000), ("wire", 5, 600), ("enamel", 1, 500)]


def main() -> None:
    """Open the shop, serve, and put out who misbehaves."""
    prepare()
    till = cloison.spawn(ada.serve, capabilities=rights.till(), name="ada")
    reports = cloison.spawn(ben.serve, capabilities=rights.reports(), name="ben")
    for sale in SALES:
        print("ada:", cloison.call(till, ("sell", *sale), timeout=60))
    print("ben:", "; ".join(cloison.call(reports, "report", timeout=60)))

    trial = rights.trial()
    # It may talk to the shop and to a neighbour, and end neither.
    cloison.spawn(mallory.serve, cloison.self(), reports.send_only(), capabilities=trial, name="mallory", monitor=True)
    print_attempts()
    print("mallory is in a statement that does not end. An empty line takes its rights back.", flush=True)
    sys.stdin.readline()
    for right in trial:
        right.revoke()
    print_attempts()

    # Nobody else has noticed.
    print("ada:", cloison.call(till, "today", timeout=60))
    print("ben:", "; ".join(cloison.call(reports, "report", timeout=60)))


def print_attempts() -> None:
    """Print what comes of mallory's attempts, until it is busy or has ended."""
    while True:
        match cloison.receive(timeout=60):
            case ("tried", str(what), str(came)):
                print(f"mallory: {what}: {came}")
            case "busy":
                return
            case cloison.Down(reason=reason):
                print(f"mallory has ended: {reason}")
                return


def prepare() -> None:
    """Make the databases anew. The wages are nobody's but the shop's."""
    for path, schema in (
        (rights.SHOP, "sale (id integer primary key, thing text not null, pieces integer not null, cents integer not null)"),
        (rights.WAGES, "wage (name text, cents integer)"),
    ):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"drop table if exists {schema.split()[0]}")
            db.execute(f"create table {schema}")
    if os.path.isdir(receipts := f"{rights.PAPERS}/receipts"):
        for name in os.listdir(receipts):
            os.unlink(f"{receipts}/{name}")
