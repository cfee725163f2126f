"""Prints a ledger by date, with the balance after each entry and the totals of each month; or those of one month.

    cloison run examples/ledger < examples/ledger/2026.txt
    cloison run examples/ledger 2026-03 < examples/ledger/2026.txt

Python can do all of this by itself. C's own library does it here because everybody knows it, and it has what is hard to bind:
structs, functions that call back, functions with `...`.
"""

import sys
from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING

import cloison

if TYPE_CHECKING:
    from libc_capability import Libc  # cloison stub examples/ledger/libc.zone.toml -o examples/ledger/libc_capability.pyi

libc: "Libc" = cloison.capability("libc")

WIDTH = 28
MOST = 1e12
LONGEST = 47  # what struct entry has room for


class Mistake(Exception):
    """A line that is no entry, and why."""


def entry(text: str, line: int) -> "Libc.entry":
    """Return what the line says. Each of C's functions reads what it knows, and says what stands behind it."""
    after_date, date = libc.strptime(text)
    if after_date is None:
        raise Mistake("it does not begin with a date such as 2026-03-14")
    day, real = libc.timegm(date)
    if real.tm_mday != date.tm_mday:  # C counts on into the next month
        raise Mistake("there is no such day")
    amount, payee = libc.strtod(after_date)
    if payee == after_date:
        raise Mistake("no amount stands behind the date")
    if not isfinite(amount) or abs(amount) > MOST:
        raise Mistake(f"{amount} is no amount")
    payee = payee.strip()
    if len(payee.encode()) > LONGEST:
        raise Mistake(f"the name has more than {LONGEST} bytes")
    return libc.entry(day=day, cents=round(amount * 100), line=line, payee=payee)


def read(lines: Iterable[bytes]) -> tuple[list["Libc.entry"], list[str]]:
    """Return the entries, and what is wrong with the other lines."""
    entries, mistakes = [], []
    for line, text in enumerate(lines, start=1):
        if text.strip() and not text.startswith(b"#"):
            try:
                entries.append(entry(text.decode(), line))
            except (Mistake, ValueError) as error:
                mistakes.append(f"line {line}: {error}")
    return entries, mistakes


def in_order(a: "Libc.entry", b: "Libc.entry") -> int:
    """By day, and by line within a day; qsort() calls this."""
    return (a.day > b.day) - (a.day < b.day) or a.line - b.line


def month(date: "Libc.tm") -> int:
    """Return the month's number."""
    return 12 * date.tm_year + date.tm_mon


def months(entries: list["Libc.entry"], dates: list["Libc.tm"]) -> list["Libc.span"]:
    """Return the months of the entries, in order as these are."""
    spans: list[Libc.span] = []
    for one, date in zip(entries, dates):
        if not spans or spans[-1].month != month(date):
            spans.append(libc.span(month=month(date)))
        spans[-1].entries += 1
        spans[-1].received += max(one.cents, 0)
        spans[-1].spent += max(-one.cents, 0)
    return spans


def total(span: "Libc.span") -> str:
    """Return a month's totals as a line."""
    year, number = divmod(span.month, 12)
    name = libc.strftime("%b %Y", libc.tm(tm_year=year, tm_mon=number, tm_mday=1))
    return libc.total(name, span.entries, span.received / 100, span.spent / 100)


def table(entries: list["Libc.entry"], dates: list["Libc.tm"]) -> None:
    """Print a row for each entry."""
    balance = 0
    for one, day in zip(entries, libc.strftime.map((("%d %b %Y", date) for date in dates))):
        balance += one.cents
        # printf's widths count bytes, and people count letters.
        width = WIDTH + len(one.payee.encode()) - len(one.payee)
        print(libc.row(day, width, one.payee, one.cents / 100, balance / 100))


def main() -> int:
    """Print what was asked for; the exit status is 1 if the ledger has it not or is wrong, 2 if the question is."""
    rest, asked = libc.strptime(sys.argv[1], "%Y-%m") if len(sys.argv) == 2 else ("", libc.tm())
    if rest != "" or len(sys.argv) > 2 or sys.stdin.isatty():
        print("usage: ledger [YEAR-MONTH] < LEDGER", file=sys.stderr)
        return 2
    entries, mistakes = read(sys.stdin.buffer)
    if mistakes or not entries:
        print(*mistakes or ["there are no entries"], sep="\n", file=sys.stderr)
        return 1

    entries = libc.sort(entries, in_order)
    dates = libc.gmtime.map(one.day for one in entries)
    spans = months(entries, dates)
    if len(sys.argv) == 2:
        span = libc.month(month(asked), spans, lambda key, each: key - each.month)
        print(total(span) if span else f"no entry in {sys.argv[1]}")
        return 0 if span else 1
    table(entries, dates)
    print("", *map(total, spans), sep="\n")
    return 0
