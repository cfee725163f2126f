# For tests/tests/processes.rs: a child holds what it was given, and nothing else.
import cloison
from cloison import receive, spawn


def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def uses(to):
    to.send([
        attempt(lambda: cloison.capability("libm").sqrt(16.0)),
        attempt(lambda: cloison.capability("zlib").crc32(0, b"hello")),
        attempt(lambda: cloison.capability("nothing")),
    ])


def gives_on(to, names):
    to.send(attempt(lambda: spawn(uses, to, capabilities=names).number > 0))


def show(*arguments, **options):
    spawn(*arguments, **options)
    result = receive(timeout=300)
    for line in result if isinstance(result, list) else [result]:
        print(line)


def main():
    me = cloison.self()
    libm = cloison.capability("libm")
    print(libm.sqrt(9.0))
    print("-- none")
    show(uses, me)
    print("-- by its name")
    show(uses, me, capabilities=["libm"])
    print("-- the object")
    show(uses, me, capabilities=[libm])
    print("-- both")
    show(uses, me, capabilities=["libm", "zlib"])
    print("-- one that there is not")
    print(attempt(lambda: spawn(uses, me, capabilities=["nothing"])))
    print("-- what it holds itself, and no more")
    spawn(gives_on, me, ["libm"], capabilities=["libm"])
    print(receive(bool, timeout=300), receive(list, timeout=300)[0])
    show(gives_on, me, ["libm"])
    show(gives_on, me, ["zlib"], capabilities=["libm"])
    print("-- in a message")
    print(attempt(lambda: me.send(libm)))
    print(attempt(lambda: me.send(libm.sqrt)))
    print(attempt(lambda: spawn(uses, libm)))


if __name__ == "__main__":
    main()
