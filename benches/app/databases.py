"""Databases: one script for both sides, in memory. Prints nanoseconds of one operation each, in the order of `databases.rs`."""

import sqlite3
import time


def best(operation, count=1, rounds=7):
    """Return the shortest mean time of `count` operations."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(count):
            operation()
        times.append((time.perf_counter_ns() - start) / count)
    return min(times)


con = sqlite3.connect(":memory:")
con.execute("create table entry (number integer primary key, name text, weight real)")
rows = [(number, f"name {number}", number / 3) for number in range(10_000)]


def insert():
    con.execute("delete from entry")
    con.executemany("insert into entry values (?, ?, ?)", rows)


def each():
    for _ in con.execute("select * from entry"):
        pass


print(best(insert))
print(best(lambda: con.execute("select * from entry").fetchall()))
print(best(each))
print(best(lambda: con.execute("select name from entry where number = ?", (7,)).fetchone(), 1000))
con.create_function("same", 1, lambda value: value)
print(best(lambda: con.execute("select sum(same(number)) from (select number from entry limit 1000)").fetchone()) / 1000)
