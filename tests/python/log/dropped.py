# For tests/tests/log.rs: records that were not written are counted by the next one, whose own fields may be too long.
import logging

import cloison
import cloison.log


class Broken:
    def __str__(self):
        raise ValueError


logging.raiseExceptions = False
handler = cloison.log.Handler()
logging.getLogger().addHandler(handler)
for number in range(2):
    logging.warning("lost", extra={"value": Broken()})
print(handler.dropped)
logging.warning("long", extra={"long": "z" * 100_000, "dropped": "mine"})
print(handler.dropped)
logging.warning("plain")
try:
    cloison.capability("log").write(30, b"", b"refused", fields=b"[]")
except OSError as error:
    print(error.errno)
logging.warning("last", extra={"a": 1})
