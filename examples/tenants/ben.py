"""Ben's tenant: reports. It reads everything of the shop, and changes nothing."""

import os
import sqlite3
from contextlib import closing

import cloison
from rights import PAPERS, SHOP


def serve() -> None:
    """Answer requests until somebody ends this process."""
    with closing(sqlite3.connect(SHOP)) as shop:
        while True:
            match cloison.receive(cloison.Call):
                case cloison.Call(request="report") as call:
                    cloison.reply(call, report(shop))


def report(shop: sqlite3.Connection) -> list[str]:
    """Return a line for each thing that was sold, and one about receipts."""
    with open(f"{PAPERS}/prices.txt") as file:
        prices = {thing: int(cents) for thing, cents in (line.split() for line in file)}
    sold = shop.execute("select thing, sum(pieces), sum(cents) from sale group by thing order by thing")
    lines = [f"{pieces} × {thing} at {prices[thing] / 100:.2f}: {cents / 100:.2f}" for thing, pieces, cents in sold]
    return [*lines, f"{len(os.listdir(f'{PAPERS}/receipts'))} receipts"]
