import os

import cloison


def child(to):
    to.send(dict(os.environ))


if __name__ == "__main__":
    print(sorted(os.environ.items()), os.getenv("HOME"))
    for capabilities in (["env"], []):
        cloison.spawn(child, cloison.self(), capabilities=capabilities)
        print(sorted(cloison.receive(timeout=300).items()))
