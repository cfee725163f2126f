import cloison
from cloison.futures import Executor

TEXT = open('/seen/text').read()


def length(more):
    return len(TEXT + more)


if __name__ == '__main__':
    with Executor(max_workers=2, capabilities=['files']) as executor:
        print(list(executor.map(length, ['', 'a', 'bc'])))
