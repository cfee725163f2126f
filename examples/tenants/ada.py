"""Ada's tenant: the till. It writes down what is sold, and a receipt."""

import os
import sqlite3
from contextlib import closing

import cloison
from rights import ADD, PAPERS, SHOP, TODAY


def serve() -> None:
    """Answer requests until somebody ends this process."""
    with closing(sqlite3.connect(SHOP)) as shop:
        while True:
            match cloison.receive(cloison.Call):
                case cloison.Call(request=("sell", thing, pieces, cents)) as call:
                    cloison.reply(call, sell(shop, thing, pieces, cents))
                case cloison.Call(request="today") as call:
                    sales, taken = shop.execute(TODAY).fetchone()
                    cloison.reply(call, f"{sales} sales, {taken / 100:.2f}")


def sell(shop: sqlite3.Connection, thing: str, pieces: int, cents: int) -> str:
    """Write a sale down; return what its receipt says."""
    with shop:
        (number,) = shop.execute(ADD, (thing, pieces, cents)).fetchone()
    os.makedirs(f"{PAPERS}/receipts", exist_ok=True)
    text = f"{pieces} × {thing}: {cents / 100:.2f}"
    check = cloison.capability("zlib").crc32(0, text.encode())
    with open(f"{PAPERS}/receipts/{number}.txt", "w") as file:
        print(text, f"[{check:08x}]", file=file)
    return f"receipt {number}, {text}"
