"""What programs do with `sqlite3`: each line is to be the same in CPython."""

import datetime
import sqlite3


def attempt(what, function):
    """Print what it gives, or what it raises."""
    try:
        print(what, repr(function()))
    except Exception as error:
        name = getattr(error, "sqlite_errorname", None)
        print(what, type(error).__name__, error, *([name] if name else []))


con = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
con.executescript("""
    create table person (id integer primary key, name text not null unique, weight real, photo blob, born day);
    create table note (person integer references person, words text check (length(words) < 100));
""")
sqlite3.register_adapter(datetime.date, lambda day: day.isoformat())
sqlite3.register_converter("day", lambda text: datetime.date.fromisoformat(text.decode()))

# Parameters and types.
cur = con.cursor()
cur.execute("insert into person (name, weight, photo, born) values (?, ?, ?, ?)", ("Zoë", 61.5, b"\0\xff", datetime.date(1814, 3, 1)))
print(cur.lastrowid, cur.rowcount, cur.description, con.in_transaction)
cur.execute("insert into person values (:id, :name, :weight, :photo, :born)",
            {"id": 9, "name": "Emmy", "weight": None, "photo": memoryview(b"abc"), "born": None})
print(cur.execute("select * from person order by id").fetchall())
print([column[0] for column in cur.description])
print(cur.execute('select born as "b [day]", count(*) from person where id = 1').fetchone(), cur.description[0][0])
for value in (2**63 - 1, -2**63, 1.5, float("inf"), "a\0b", "", b"", True, None, "\U0001f600"):
    attempt(f"{value!r}:", lambda: con.execute("select ?, typeof(?1)", (value,)).fetchone())
for value in (2**63, object(), [], "\ud800", 1j):
    attempt(f"{type(value).__name__}:", lambda: con.execute("select ?", (value,)).fetchone()[0])
attempt("too many:", lambda: con.execute("select ?", (1, 2)))
attempt("too few:", lambda: con.execute("select :a", {}))
attempt("two statements:", lambda: con.execute("select 1; select 2"))
attempt("unique:", lambda: con.execute("insert into person (name) values ('Emmy')"))
attempt("check:", lambda: con.execute("insert into note values (1, ?)", ("x" * 100,)))
attempt("syntax:", lambda: con.execute("selec 1"))
attempt("no table:", lambda: con.execute("select * from nobody"))

con.commit()

# Many.
cur.executemany("insert into note values (?, ?)", ((1 + index % 2 * 8, f"note {index}") for index in range(3000)))
print(cur.rowcount, con.total_changes)
rows = con.execute("select person, words from note")
print(rows.fetchone(), rows.fetchmany(2), len(rows.fetchmany(1000)), sum(1 for _ in rows), rows.fetchone())
attempt("many:", lambda: con.executemany("insert into note values (?, ?)", [(1, "ok"), (1, "y" * 100), (1, "never")]))
print(con.execute("select count(*) from note where words in ('ok', 'never')").fetchone())
large = "large " * 100_000
print(len(con.execute("select ? || words from note limit 3", (large,)).fetchall()[2][0]))
attempt("generator:", lambda: con.executemany("insert into note values (?, ?)", ((1, {0: "a", 1: "b"}[index]) for index in range(5))))

# Transactions.
con.rollback()
print(con.execute("select count(*) from note").fetchone(), con.in_transaction)
with con:
    con.execute("insert into note values (1, 'kept')")
try:
    with con:
        con.execute("insert into note values (1, 'lost')")
        raise KeyError
except KeyError:
    pass
print(con.execute("select words from note").fetchall(), con.isolation_level)
con.isolation_level = None
con.execute("begin")
con.execute("savepoint one")
con.execute("delete from note")
con.execute("rollback to one")
print(con.execute("select count(*) from note").fetchone(), con.in_transaction)
con.commit()
attempt("isolation:", lambda: setattr(con, "isolation_level", "SOMETIMES"))
con.isolation_level = ""

# Python in SQL.
con.create_function("twice", 1, lambda value: value * 2, deterministic=True)
con.create_function("fails", 0, lambda: 1 / 0)
con.create_function("much", 1, lambda count: "x" * count)
print(con.execute("select twice(21), twice('ab'), twice(x'00'), length(much(100000))").fetchone())
attempt("fails:", lambda: con.execute("select fails()").fetchone())


class Longest:
    """An aggregate."""

    def __init__(self):
        self.words = ""

    def step(self, word):
        self.words = max(self.words, word, key=len)

    def finalize(self):
        return self.words


con.create_aggregate("longest", 1, Longest)
con.create_collation("backwards", lambda one, other: (one[::-1] > other[::-1]) - (one[::-1] < other[::-1]))
print(con.execute("select longest(column1) from (values ('a'), ('abc'), ('ab'))").fetchone())
print(con.execute("select column1 from (values ('az'), ('za'), ('mm')) order by column1 collate backwards").fetchall())
seen = []
con.set_trace_callback(seen.append)
con.execute("select ?", (5,))
con.set_trace_callback(None)
print(seen)
con.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_DELETE else sqlite3.SQLITE_OK)
attempt("denied:", lambda: con.execute("delete from note"))
con.set_authorizer(None)
con.set_progress_handler(lambda: 1, 1000)
endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
attempt("interrupted:", lambda: con.execute(endless).fetchone())
con.set_progress_handler(None, 0)
con.create_function("nested", 1, lambda name: con.execute("select id from person where name = ?", (name,)).fetchone()[0])
print(con.execute("select nested('Emmy')").fetchone())

# Rows, texts, copies.
con.row_factory = sqlite3.Row
row = con.execute("select id, name as Name from person order by id").fetchone()
print(row["NAME"], row[0], dict(row), row.keys(), len(row), tuple(row), row == row)
attempt("no column:", lambda: row["age"])
con.row_factory = None
con.text_factory = bytes
print(con.execute("select name from person").fetchall())
con.text_factory = lambda text: text.decode() + "!"
print(con.execute("select name from person").fetchall())
con.text_factory = str
attempt("no UTF-8:", lambda: con.execute("select cast(x'ff41' as text) as odd").fetchone())
other = sqlite3.connect(":memory:")
con.commit()
con.backup(other)
print(other.execute("select count(*) from person").fetchone(), list(other.iterdump())[1][:26])
third = sqlite3.connect(":memory:")
third.deserialize(other.serialize())
print(third.execute("select name from person where id = 9").fetchone())
with con.blobopen("person", "photo", 9) as blob:
    blob[0] = ord("z")
    blob.seek(1)
    blob.write(b"yx")
    print(len(blob), blob[:], blob[::2], blob.tell())
print(con.execute("select photo from person where id = 9").fetchone(), con.execute("pragma user_version").fetchone())
print(sqlite3.complete_statement("select 1;"), sqlite3.complete_statement("select"))

# What is closed.
cur.close()
attempt("closed cursor:", lambda: cur.execute("select 1"))
con.close()
attempt("closed connection:", lambda: con.execute("select 1"))
attempt("its cursor:", lambda: rows.fetchone())
