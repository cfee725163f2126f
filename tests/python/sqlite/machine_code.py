"""What SQL must not do to the process that it runs in."""

import sqlite3


def tried(connection, sql, *parameters):
    try:
        print(connection.execute(sql, parameters).fetchall())
    except sqlite3.Error as error:
        print(type(error).__name__, error)


def main():
    connection = sqlite3.connect(":memory:")
    tried(connection, "select fts3_tokenizer('simple')")
    tried(connection, "select fts3_tokenizer('x', ?)", bytes(8))
    connection.setconfig(1004, True)
    tried(connection, "select fts3_tokenizer('simple')")
    tried(connection, "select load_extension('x')")
    tried(connection, "select load_extension('x', 'y')")

    connection.executescript("create table t(a); insert into t values (1), (2), (3)")
    saved = connection.serialize()
    # So many rows that some are still SQLite's to give.
    connection.executescript("create table many(a); with n(a) as (select 1 union all select a + 1 from n where a < 9999) insert into many select a from n")
    reading = connection.execute("select a from many")
    reading.fetchone()
    try:
        connection.deserialize(saved)
    except sqlite3.Error as error:
        print(type(error).__name__, error)
    print(reading.fetchmany(2), end=" ")
    reading.close()
    connection.deserialize(saved)
    print(connection.execute("select a from t").fetchall())

    connection.create_function("shut", 0, connection.close)
    tried(connection, "select shut()")
    tried(connection, "select 1")
    connection.execute("create virtual table f using fts4(a, tokenize=porter)")
    connection.execute("insert into f values ('a porter stems')")
    tried(connection, "select a from f where f match 'stemming'")


main()
