"""CPython's `_sqlite3` on the capability `sqlite3`: SQLite itself runs in a zone, `capabilities/manifest/bindings/sqlite3.zone.toml`.

| module | has |
|---|---|
| `constants` | SQLite's numbers |
| `errors` | the exceptions of the DB-API, and what SQLite says of an error |
| `adapting` | adapters and converters |
| `statements` | SQL that is compiled, and its parameters |
| `connection`, `cursor`, `blob`, `row` | the classes |
| `callables` | what SQLite asks of Python |
| `zone` | the functions of the zone, and its ends |
"""
