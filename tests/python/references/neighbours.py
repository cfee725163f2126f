"""One client ends an object, another one has borrowed it and a part of it."""

from cloison import StaleHandle, capability, receive, self, spawn

lib = capability("lib")


def asked(part):
    try:
        return lib.part_value(part)
    except StaleHandle as error:
        return type(error).__name__


def says(when, node, part):
    try:
        again = lib.part_value(lib.node_part(node))
    except StaleHandle as error:
        again = type(error).__name__
    print(when, node.closed, again, part.closed, asked(part), flush=True)


def borrower(owner):
    node = lib.node_latest()
    part = lib.node_part(node)
    says("before:", node, part)
    owner.send("borrowed")
    receive(str, timeout=300)
    says("after:", node, part)
    print(repr(part), flush=True)


def main():
    node = lib.node_new()
    other = spawn(borrower, self(), capabilities=["lib"], monitor=True)
    receive(str, timeout=300)
    node.close()
    other.send("ended")
    receive(object, timeout=300)


if __name__ == "__main__":
    main()
