import sqlite3
import sys
import urllib.request
import zlib


def main():
    url = sys.argv[1]
    with open("/data/in/deep/text.txt") as file:
        text = file.read()
    with urllib.request.urlopen(url) as answer:
        text += answer.read().decode()
    with sqlite3.connect("/data/books/a.db") as book:
        book.execute("create table if not exists text (text text)")
        book.execute("insert into text values (?)", (text,))
        text = book.execute("select text from text").fetchone()[0]
    with open("/data/out/text.gz", "wb") as file:
        file.write(zlib.compress(text.encode()))
    print(text)


if __name__ == "__main__":
    main()
