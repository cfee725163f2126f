import os

import cloison


def looks(to):
    here = os.path.dirname(os.path.abspath(__file__))
    said = []
    for path in (here + '/drop/secret', here + '/beside'):
        try:
            said.append(open(path).read())
        except OSError as error:
            said.append(type(error).__name__)
    to.send(said)


def main():
    looks(cloison.self())
    print(cloison.receive())
    cloison.spawn(looks, cloison.self())
    print(cloison.receive())
