import random

import cloison

if __name__ == '__mp_main__' and {quiet}:
    print('x' * 300_000)
AT_IMPORT = random.random()
GAUSS = random.gauss()


def child(to):
    to.send((AT_IMPORT, GAUSS, random.gauss(), random.random()))


if __name__ == '__main__':
    drawn = []
    for _ in range(30):
        cloison.spawn(child, cloison.self())
        drawn.append(cloison.receive(timeout=300))
    print(repr(drawn), file=__import__('sys').stderr)
