"""What programs do with PostgreSQL by pg8000: lines that are the same in a microprocess and on CPython."""

import datetime
import decimal
import io
import pathlib
import ssl
import sys
import time
import uuid

import pg8000.dbapi
import pg8000.native

HERE = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc
FIELDS = "name, amount, at, zoned, day, data, ratio, ids, extra, key"
ROWS = [
    ("plain", decimal.Decimal("1.50"), datetime.datetime(2026, 2, 28, 23, 59, 59, 125), datetime.datetime(2026, 3, 29, 1, tzinfo=UTC), datetime.date(2026, 2, 28), b"", 0.5, [1, 2, 3], {"a": [1, None, "ü"]}, uuid.UUID(int=7)),
    ("Zürich 東京 🐍 O'Neil \\ \"x\" %s", decimal.Decimal("-99999999.99"), datetime.datetime(1, 1, 1), None, None, bytes(range(256)), -1e300, [], None, None),
    ("", decimal.Decimal("0.00"), None, None, datetime.date(9999, 12, 31), b"\x00" * 70000, None, None, {}, None),
]


def attempt(what, function):
    """Print what an attempt says: a value, or the kind and the code of its error."""
    try:
        print(what, function())
    except (pg8000.dbapi.Error, pg8000.native.Error) as error:
        said = error.args[0] if error.args else ""
        print(what, type(error).__name__, said.get("C") if isinstance(said, dict) else "")
    except OSError as error:
        print(what, isinstance(error, TimeoutError) and "TimeoutError" or isinstance(error, ssl.SSLCertVerificationError) and "certificate" or "OSError")


def statements(connection):
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS things, numbers, bytes")
    cursor.execute(
        "CREATE TABLE things (id SERIAL PRIMARY KEY, name TEXT UNIQUE, amount NUMERIC(10,2), at TIMESTAMP, zoned TIMESTAMPTZ, day DATE,"
        " data BYTEA, ratio FLOAT8, ids INT[], extra JSONB, key UUID)"
    )
    cursor.executemany(f"INSERT INTO things ({FIELDS}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", ROWS)
    print("inserted", cursor.rowcount)
    cursor.execute(f"SELECT {FIELDS} FROM things ORDER BY id")
    print("columns", [(one[0], one[1]) for one in cursor.description])
    fetched = cursor.fetchall()
    print("the same", [tuple(row) for row in fetched] == ROWS)
    for row in fetched:
        print([len(value) if isinstance(value, bytes) else value for value in row])
    cursor.execute("SELECT name FROM things WHERE amount > %s AND name LIKE %s", (0, "p%"))
    print("found", cursor.fetchone(), cursor.fetchone(), cursor.rowcount)
    cursor.execute("UPDATE things SET ratio = ratio * 2 WHERE name = ANY(%s) RETURNING id", (["plain", ""],))
    print("changed", cursor.fetchall())
    cursor.execute("SELECT '1 day 02:00'::interval, '127.0.0.0/8'::cidr, ARRAY['a', NULL], 'NaN'::float8, 2::int8 ^ 62, NULL, true, '12:30:01.5'::time")
    interval, network, *others = cursor.fetchone()
    print("kinds", interval, network, others)


def transactions(connection):
    cursor = connection.cursor()

    def run(text, *values):
        cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount

    connection.commit()
    print("within", run("DELETE FROM things"), run("SELECT COUNT(*) FROM things"))
    connection.rollback()
    print("after rollback", run("SELECT COUNT(*) FROM things"))
    run("INSERT INTO things (name) VALUES ('kept')")
    run("SAVEPOINT here")
    run("INSERT INTO things (name) VALUES ('dropped')")
    run("ROLLBACK TO here")
    connection.commit()
    print("after savepoint", run("SELECT COUNT(*) FROM things"))
    for what, text in {
        "duplicate": "INSERT INTO things (name) VALUES ('kept')",
        "in a failed transaction": "SELECT 1",
        "syntax": "SELEC 1",
        "no table": "SELECT * FROM nothing",
        "division": "SELECT 1 / 0",
    }.items():
        attempt(what, lambda: run(text))
        if what != "duplicate":
            connection.rollback()
    attempt("after errors", lambda: run("SELECT 1"))


def many(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE numbers (n INT, word TEXT)")
    cursor.executemany("INSERT INTO numbers VALUES (%s, %s)", [(n, f"word {n}") for n in range(300)])
    cursor.execute("COPY numbers FROM STDIN", stream=io.StringIO("".join(f"{n}\tword {n}\n" for n in range(300, 20000))))
    print("copied in", cursor.rowcount)
    connection.commit()
    cursor.execute("DECLARE walk CURSOR FOR SELECT n, word FROM numbers ORDER BY n")
    total, batches, first = 0, 0, None
    while True:
        cursor.execute("FETCH 3000 FROM walk")
        rows = cursor.fetchall()
        if not rows:
            break
        first, batches, total = first or rows[:2], batches + 1, total + sum(row[0] for row in rows)
    print("cursor", first, batches, total)
    cursor.execute("SELECT n FROM numbers ORDER BY n")
    print("all", cursor.fetchmany(3), sum(row[0] for row in cursor))
    out = io.BytesIO()
    cursor.execute("COPY (SELECT * FROM numbers WHERE n > 19997 ORDER BY n) TO STDOUT WITH (FORMAT csv)", stream=out)
    print("copied out", out.getvalue())
    cursor.execute("SELECT repeat('ä', 3000000), length(%s)", ("b" * 5000000,))
    text, sent = cursor.fetchone()
    print("large", len(text), set(text), sent)
    connection.commit()


def native(connect):
    with connect(pg8000.native.Connection) as one, connect(pg8000.native.Connection) as two:
        print("named", one.run("SELECT :a || :b AS joined", a="x", b="y"), [column["name"] for column in one.columns])
        prepared = one.prepare("SELECT cast(:n AS int) * 2")
        print("prepared", [prepared.run(n=n) for n in range(3)])
        prepared.close()
        one.run("LISTEN news")
        two.run("NOTIFY news, 'hello'")
        one.run("SELECT 1")
        print("notified", [(channel, payload) for _, channel, payload in one.notifications])
        one.run("DO $$ BEGIN RAISE NOTICE 'look'; END $$")
        print("notices", [notice[b"M"] for notice in one.notices])


def troubles(connect):
    slow = connect(pg8000.native.Connection, timeout=1)
    began = time.monotonic()
    attempt("timeout", lambda: slow.run("SELECT pg_sleep(20)"))
    print("in time", 0.8 < time.monotonic() - began < 10)
    other = connect(pg8000.native.Connection)
    other.run("SET statement_timeout = 200")
    attempt("server's timeout", lambda: other.run("SELECT pg_sleep(20)"))
    cut = connect(pg8000.native.Connection)
    other.run("SELECT pg_terminate_backend(:pid, 5000)", pid=cut.run("SELECT pg_backend_pid()")[0][0])
    attempt("cut", lambda: cut.run("SELECT 1"))
    attempt("cut again", lambda: cut.run("SELECT 1"))
    other.close()
    attempt("closed", lambda: other.run("SELECT 1"))
    attempt("wrong password", lambda: connect(pg8000.dbapi.connect, password="wrong"))
    attempt("wrong database", lambda: connect(pg8000.dbapi.connect, database="nothing"))


def encrypted(connect):
    for name in ("ca.pem", "other.pem"):
        context = ssl.create_default_context(cafile=str(HERE / name))
        attempt(f"TLS by {name}", lambda: connect(pg8000.native.Connection, ssl_context=context).run(
            "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    print("plain", connect(pg8000.native.Connection, ssl_context=False).run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))


def main():
    _, port, _, password = sys.argv

    def connect(how=pg8000.dbapi.connect, **more):
        user = more.pop("user", "postgres")
        return how(user, **{"host": "127.0.0.1", "port": int(port), "password": password, "database": "postgres", **more})

    connection = connect()
    statements(connection)
    transactions(connection)
    many(connection)
    connection.close()
    native(connect)
    troubles(connect)
    encrypted(connect)


if __name__ == "__main__":
    main()
