"""What Python has forgotten goes in the zone, too: there may be far less at once than is made here."""

import sqlite3

con = sqlite3.connect(":memory:", cached_statements=8)
con.execute("create table t(a blob)")
con.execute("insert into t values(zeroblob(10))")
statements = connections = blobs = functions = 0
for number in range(20_000):
    cursor = con.execute(f"select {number} union all select 1")
    cursor.fetchone()
    statements += 1
for number in range(3000):
    sqlite3.connect(":memory:").close() if number % 2 else sqlite3.connect(":memory:").execute("select 1")
    connections += 1
for number in range(5000):
    con.blobopen("t", "a", 1).read(1)
    blobs += 1
for number in range(2000):
    con.create_function("f", 0, lambda: number)
    functions += 1
assert con.execute("select f()").fetchone() == (1999,)
print(f"{statements} statements, {connections} connections, {blobs} blobs, {functions} functions")
