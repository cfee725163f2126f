import logging

import cloison
import cloison.log


class Thing:
    def __str__(self):
        return "a thing"


def child(number):
    logging.getLogger("child").error("from a child", extra={"number": number})


def main():
    root = logging.getLogger()
    handler = cloison.log.Handler()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("shop").info("sold %d", 3, extra={"pieces": 3, "what": ["é", None, 1.5, Thing()], "nan": float("nan")})
    logging.debug("not written")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("failed\n\x1b[2J\u202e")
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logging.warning("formatted \ud800")
    logging.getLogger("x" * 5000).info("y" * 100_000, extra={"long": "z" * 100_000})
    process = cloison.spawn(child_main, 7, capabilities=["log"])
    process.monitor() if hasattr(process, "monitor") else cloison.monitor(process)
    cloison.receive(timeout=300)
    log = cloison.capability("log")
    print(log.write(20, b"low", b"level", fields=b'{"a": 1}'), log.write(10, b"low", b"level"))
    for wrong in (b"[]", b'{"a": 1}\n{"process": 9}'):
        try:
            log.write(20, b"", b"", fields=wrong)
        except OSError as error:
            print(error.errno)


def child_main(number):
    logging.getLogger().addHandler(cloison.log.Handler())
    child(number)


if __name__ == "__main__":
    main()
