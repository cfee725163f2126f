"""Connects to a port that was not granted, by the driver that is named: the error is the service's, whatever the driver makes of it."""

import sys


def main():
    _, name, port, password = sys.argv
    try:
        if name == "mariadb":
            import pymysql

            pymysql.connect(host="127.0.0.1", port=int(port), user="tester", password=password.encode())
        elif name == "postgresql":
            import pg8000.dbapi

            pg8000.dbapi.connect("postgres", host="127.0.0.1", port=int(port), password=password)
        else:
            import redis

            redis.Redis(host="127.0.0.1", port=int(port), password=password).ping()
    except Exception as error:
        while error is not None:
            if isinstance(error, PermissionError):
                print("refused")
                return
            error = error.__cause__ or error.__context__
        raise
    print("connected")


if __name__ == "__main__":
    main()
