"""Prints the median of how long `SELECT 1` takes there and back, in microseconds, and how long 20,000 rows do, in milliseconds."""

import statistics
import sys
import time


def main():
    _, name, port, password = sys.argv
    port = int(port)
    if name == "mariadb":
        import pymysql

        cursor = pymysql.connect(host="127.0.0.1", port=port, user="tester", password=password.encode(), database="things").cursor()

        def one():
            cursor.execute("SELECT 1")
            cursor.fetchone()

        def many():
            cursor.execute("SELECT seq, CONCAT('word ', seq) FROM seq_1_to_20000")
            assert len(cursor.fetchall()) == 20000

    elif name == "postgresql":
        import pg8000.native

        connection = pg8000.native.Connection("postgres", host="127.0.0.1", port=port, password=password)

        def one():
            connection.run("SELECT 1")

        def many():
            assert len(connection.run("SELECT n, 'word ' || n FROM generate_series(1, 20000) AS n")) == 20000

    else:
        import redis

        db = redis.Redis(host="127.0.0.1", port=port, password=password)
        db.delete("list")
        db.rpush("list", *(f"word {n}" for n in range(20000)))
        one = db.ping

        def many():
            assert len(db.lrange("list", 0, -1)) == 20000

    def median(function, times):
        took = []
        for _ in range(times):
            began = time.perf_counter()
            function()
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    median(one, 100)
    print(round(median(one, 1000) * 1e6), round(median(many, 5) * 1e3))


if __name__ == "__main__":
    main()
