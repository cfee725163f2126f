"""SQLite's process ends, here because a query takes longer than the zone allows. It is this client's, and nobody else's."""

import sqlite3

import cloison

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


def other(asker):
    con = sqlite3.connect(":memory:")
    con.execute("create table t as select 1 as a")
    asker.send("ready")
    cloison.receive()
    asker.send(con.execute("select a from t").fetchall())


def main():
    process = cloison.spawn(other, cloison.self(), capabilities=["sqlite3"])
    cloison.receive()
    con = sqlite3.connect(":memory:")
    try:
        con.execute(ENDLESS)
    except sqlite3.OperationalError as error:
        print(f"OperationalError: {str(error).partition(':')[0]}")
    try:
        con.execute("select 1")
    except sqlite3.Error as error:
        print("the connection:", type(error).__name__)
    process.send("go on")
    print("the other process:", cloison.receive())
    print("a new connection:", sqlite3.connect(":memory:").execute("select 2").fetchall())


if __name__ == "__main__":
    main()
