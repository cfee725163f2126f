"""An address book on the system's SQLite.

    cloison run examples/sqlite
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import cloison

sqlite = cloison.capability("sqlite")

SCHEMA = """
    create table person (id integer primary key, name text not null, born integer);
    create table mail (person integer not null references person, address text not null unique);
"""
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class Person:
    """Somebody in the book."""

    name: str
    born: int | None
    addresses: tuple[str, ...] = ()


class AddressBook:
    """A database with a table of people and one of their addresses."""

    def __init__(self) -> None:
        self._db = sqlite.open(":memory:")
        sqlite.create_function(self._db, "fold", 1, fold)
        sqlite.execute(self._db, SCHEMA)

    def __enter__(self) -> "AddressBook":
        return self

    def __exit__(self, *_) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything that is done inside, or nothing if it raises."""
        sqlite.execute(self._db, "begin")
        try:
            yield
        except BaseException:
            sqlite.execute(self._db, "rollback")
            raise
        sqlite.execute(self._db, "commit")

    def add(self, person: Person) -> None:
        """Add a person with all addresses; ConstraintFailed if somebody has one of them already."""
        with self.transaction():
            self._run("insert into person (name, born) values (?, ?)", person.name, person.born)
            number = sqlite.last_insert_rowid(self._db)
            for address in person.addresses:
                self._run("insert into mail values (?, ?)", number, address)

    def find(self, part: str) -> list[Person]:
        """Return the people in whose name `part` occurs, whatever the case and the accents, by name."""
        rows = self._query(
            "select name, born, group_concat(address, ' ')"
            " from person left join mail on person = id where instr(fold(name), fold(?)) group by id order by fold(name)",
            part,
        )
        return [Person(name, int(born) if born else None, tuple(sorted((mail or "").split()))) for name, born, mail in rows]

    def __len__(self) -> int:
        return int(next(self._query("select count(*) from person"))[0])

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        found: list[str] = []

        def row(values: Sequence[str | None], names: Sequence[str]) -> int:
            found.append(dict(zip(names, values))["name"])
            return 0

        sqlite.each(self._db, f"pragma table_info({table})", row)
        return found

    def _prepare(self, sql: str, values: Sequence[str | int | None]):
        statement = sqlite.prepare(self._db, sql)
        for index, value in enumerate(values, start=1):
            match value:
                case None:
                    sqlite.bind_null(statement, index)
                case int():
                    sqlite.bind_int(statement, index, value)
                case _:
                    sqlite.bind_text(statement, index, value)
        return statement

    def _run(self, sql: str, *values: str | int | None) -> None:
        with self._prepare(sql, values) as statement:
            try:
                sqlite.step(statement)
            except sqlite.DatabaseError as error:
                # A statement's code says what sort of mistake it is; the connection knows which.
                error.add_note(sqlite.errmsg(self._db))
                raise

    def _query(self, sql: str, *values: str | int | None) -> Iterator[list[str | None]]:
        """Yield the rows as text. Many rows cost one crossing of the wall: each batch makes all the calls for them."""
        with self._prepare(sql, values) as statement:
            columns = range(sqlite.column_count(statement))
            while True:
                with cloison.batch(sqlite) as batch:
                    ahead = [
                        (batch.step(statement), [batch.column_text(statement, column) for column in columns])
                        for _ in range(ROWS_AT_ONCE)
                    ]
                for step, row in ahead:
                    if step.value == sqlite.DONE:
                        return
                    yield [field.value for field in row]


def fold(context, arguments) -> None:
    """SQL's fold(text): without case and accents. SQLite calls this, and it calls SQLite."""
    text = unicodedata.normalize("NFKD", sqlite.value_text(arguments[0]) or "")
    sqlite.result_text(context, "".join(letter for letter in text if not unicodedata.combining(letter)).casefold())


PEOPLE = [
    Person("Zoë Ångström", 1814, ("zoe@example.org", "za@example.net")),
    Person("André Weil", 1906, ("andre@example.org",)),
    Person("Emmy Noether", 1882, ("emmy@example.org",)),
    Person("Hypatia", None),
]


def main() -> None:
    """Fill a book, look things up, and see what fails fail."""
    with AddressBook() as book:
        for person in PEOPLE:
            book.add(person)
        print(f"{len(book)} people, by {', '.join(book.columns('person'))}")
        for part in ("ANGSTROM", "andré", "e"):
            print(f"{part}: {', '.join(person.name for person in book.find(part))}")
        print("addresses of Zoë:", *book.find("zoe")[0].addresses)

        # Half of this could be done. The transaction sees to it that nothing is.
        try:
            book.add(Person("Emmy's double", 1882, ("double@example.org", "emmy@example.org")))
        except sqlite.ConstraintFailed as error:
            print(f"ConstraintFailed: {error.__notes__[0]}; still {len(book)} people")

        for number in range(100):
            book.add(Person(f"Number {number:02}", None))
        print(f"{len(book.find('number'))} more, in batches of {ROWS_AT_ONCE} rows")

        try:
            sqlite.execute(book._db, "select * from nobody")
        except sqlite.DatabaseError as error:
            print(f"DatabaseError: {error.message}")

    try:
        book.find("zoe")
    except cloison.StaleHandle:
        print("StaleHandle: the book is closed")
