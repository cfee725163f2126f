"""What programs do with MariaDB by PyMySQL: lines that are the same in a microprocess and on CPython."""

import datetime
import decimal
import pathlib
import sys
import time

import pymysql
import pymysql.cursors

HERE = pathlib.Path(__file__).parent
FIELDS = "name, amount, at, day, span, data, ratio"
ROWS = [
    ("plain", decimal.Decimal("1.50"), datetime.datetime(2026, 2, 28, 23, 59, 59, 125000), datetime.date(2026, 2, 28), datetime.timedelta(hours=3), b"", 0.5),
    ("Zürich 東京 🐍 O'Neil \\ \"x\" %s", decimal.Decimal("-99999999.99"), datetime.datetime(1000, 1, 1), None, datetime.timedelta(seconds=-90), bytes(range(256)), -1e300),
    ("", decimal.Decimal("0.00"), None, datetime.date(9999, 12, 31), None, b"\x00" * 70000, None),
]


def attempt(what, function):
    """Print what an attempt says: a value, or the kind and the number of its error."""
    try:
        print(what, function())
    except pymysql.MySQLError as error:
        print(what, type(error).__name__, error.args[0] if error.args and isinstance(error.args[0], int) else "")


def statements(cursor):
    cursor.execute(
        "CREATE TABLE things (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) UNIQUE, amount DECIMAL(10,2), at DATETIME(6), day DATE,"
        " span TIME, data LONGBLOB, ratio DOUBLE) ENGINE=InnoDB"
    )
    print("inserted", cursor.executemany(f"INSERT INTO things ({FIELDS}) VALUES (%s,%s,%s,%s,%s,%s,%s)", ROWS), cursor.lastrowid)
    cursor.execute(f"SELECT {FIELDS} FROM things ORDER BY id")
    print("columns", [(one[0], one[1]) for one in cursor.description])
    fetched = cursor.fetchall()
    print("the same", list(fetched) == ROWS)
    for row in fetched:
        print([len(value) if isinstance(value, bytes) else value for value in row])
    cursor.execute("SELECT name FROM things WHERE amount > %(low)s AND name LIKE %(like)s", {"low": 0, "like": "p%"})
    print("named", cursor.fetchone(), cursor.fetchone(), cursor.rowcount)
    print("changed", cursor.execute("UPDATE things SET ratio = ratio * 2 WHERE name IN %s", [("plain", "")]))
    cursor.execute("SELECT CAST('{\"a\": [1, null]}' AS CHAR), 18446744073709551615, b'101', TRUE, NULL")
    print("kinds", cursor.fetchone())


def transactions(connection):
    def count():
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM things")
            return cursor.fetchone()[0]

    connection.commit()
    connection.begin()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM things")
        print("within", count())
        connection.rollback()
        print("after rollback", count())
        cursor.execute("INSERT INTO things (name) VALUES ('kept')")
        cursor.execute("SAVEPOINT here")
        cursor.execute("INSERT INTO things (name) VALUES ('dropped')")
        cursor.execute("ROLLBACK TO here")
        connection.commit()
        print("after savepoint", count())
        attempt("duplicate", lambda: cursor.execute("INSERT INTO things (name) VALUES ('kept')"))
        attempt("syntax", lambda: cursor.execute("SELEC 1"))
        attempt("no table", lambda: cursor.execute("SELECT * FROM nothing"))
        attempt("too long", lambda: cursor.execute("INSERT INTO things (name) VALUES (%s)", "x" * 81))
        attempt("after errors", lambda: cursor.execute("SELECT 1"))


def many(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE numbers (n INT, word VARCHAR(20))")
        print("many", cursor.executemany("INSERT INTO numbers VALUES (%s, %s)", [(n, f"word {n}") for n in range(20000)]))
    connection.commit()
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("SELECT n, word FROM numbers ORDER BY n")
        first = cursor.fetchmany(3)
        print("unbuffered", first, sum(row[0] for row in cursor))
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SELECT n, word FROM numbers WHERE n > 19997")
        print("dictionaries", cursor.fetchall())
        cursor.execute("SELECT REPEAT('ä', 3000000) AS text")
        text = cursor.fetchone()["text"]
        print("large", len(text), set(text))
        cursor.execute("SELECT LENGTH(%s) AS n", "b" * 5000000)
        print("large sent", cursor.fetchone())
        cursor.execute("CREATE PROCEDURE two() BEGIN SELECT 1 AS a; SELECT 2 AS b; END")
        cursor.callproc("two")
        print("results", cursor.fetchall(), cursor.nextset(), cursor.fetchall())


def troubles(connect):
    slow = connect(read_timeout=1)
    began = time.monotonic()
    attempt("timeout", lambda: slow.cursor().execute("SELECT SLEEP(20)"))
    print("in time", 0.8 < time.monotonic() - began < 10)
    cut, other = connect(), connect()
    other.cursor().execute(f"KILL {cut.thread_id()}")
    attempt("cut", lambda: cut.cursor().execute("SELECT 1"))
    cut.ping(reconnect=True)
    attempt("again", lambda: cut.cursor().execute("SELECT 1"))
    one = connect(autocommit=False)
    other.begin()
    other.cursor().execute("UPDATE numbers SET n = -1 WHERE n = 0")
    one.cursor().execute("SET innodb_lock_wait_timeout = 1")
    attempt("locked", lambda: one.cursor().execute("UPDATE numbers SET n = -2 WHERE n = 0"))
    other.rollback()
    other.close()
    attempt("closed", lambda: other.cursor().execute("SELECT 1"))
    attempt("wrong password", lambda: connect(password="wrong"))
    attempt("wrong database", lambda: connect(database="nothing"))


def encrypted(connect):
    for name in ("ca.pem", "other.pem"):

        def cipher(name=name):
            cursor = connect(ssl={"ca": str(HERE / name)}).cursor()
            cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
            return cursor.fetchone()

        attempt(f"TLS by {name}", cipher)
    cursor = connect(ssl_disabled=True).cursor()
    cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
    print("plain", cursor.fetchone())


def main():
    _, port, _, password = sys.argv

    def connect(**more):
        # As bytes, since PyMySQL would send a password that is text in Latin-1.
        return pymysql.connect(**{"host": "127.0.0.1", "port": int(port), "user": "tester", "password": password.encode(), "database": "things", **more})

    with connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE things")
            cursor.execute("CREATE DATABASE things CHARACTER SET utf8mb4")
        connection.select_db("things")
        with connection.cursor() as cursor:
            statements(cursor)
        transactions(connection)
        many(connection)
    troubles(connect)
    encrypted(connect)


if __name__ == "__main__":
    main()
