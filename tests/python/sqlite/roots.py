"""Databases in files: below the roots, with their rights, and nowhere else."""

import sqlite3

import cloison


def attempt(what, function):
    """Print what it raises, in one line."""
    try:
        function()
        print(f"{what}: done")
    except sqlite3.Error as error:
        notes = "".join(f"; {note.partition(': ')[2].partition(' of [')[0]}" for note in getattr(error, "__notes__", []))
        print(f"{what}: {type(error).__name__}: {error}{notes}")


def count(asker):
    asker.send(sqlite3.connect("/data/app.db").execute("select count(*) from t").fetchall())


def main():
    for mode in ("delete", "wal"):
        con = sqlite3.connect("/data/app.db")
        con.execute(f"pragma journal_mode = {mode}")
        with con:
            con.execute("create table if not exists t(a)")
            con.execute("delete from t")
            con.executemany("insert into t values(?)", [(1,), (2,), (3,)])
        print(f"journal {con.execute('pragma journal_mode').fetchone()[0]}: {con.execute('select count(*) from t').fetchone()[0]} rows")
    cloison.spawn(count, cloison.self(), capabilities=["sqlite3"])
    print("another process of the program:", cloison.receive())
    con.execute("attach '/seen/seen.db' as seen")
    print("attached:", con.execute("select * from seen.t").fetchall())
    attempt("seen, only to be read", lambda: con.execute("insert into seen.t values(8)"))
    con.rollback()
    for path in ("/etc/hostname", "/new.db", "/data/../new.db", "/data/out.db", "/data/none/new.db"):
        attempt(path, lambda: sqlite3.connect(path).execute("select * from sqlite_master"))
    for path in ("/etc/passwd", "/lib/x86_64-linux-gnu/libc.so.6"):
        attempt(f"attach {path}", lambda: con.execute("attach ? as other", (path,)))
    for path in ("/tmp/copy.db", "/data/copy.db"):
        attempt(f"vacuum into {path}", lambda: con.execute("vacuum into ?", (path,)))
    large = sqlite3.connect("/data/large.db")
    large.execute("create table t(a)")
    try:
        large.execute("insert into t values(zeroblob(2000000))")
        large.commit()
        print("more than file_size: done")
    except sqlite3.Error as error:
        print("more than file_size:", type(error).__name__)
    try:
        con.enable_load_extension(True)
    except sqlite3.NotSupportedError as error:
        print("load_extension:", type(error).__name__)
    attempt("load_extension in SQL", lambda: con.execute("select load_extension('/data/x.so')"))
    print("rows:", con.execute("select count(*) from t").fetchone()[0])


if __name__ == "__main__":
    main()
