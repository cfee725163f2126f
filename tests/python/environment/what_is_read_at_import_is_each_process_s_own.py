import os

import cloison

MODE = os.environ.get('MODE', 'none')


def child(to):
    to.send(MODE)


if __name__ == '__main__':
    print(MODE)
    for number in range(60):
        given = ['env'] if number % 2 else []
        cloison.spawn(child, cloison.self(), capabilities=given)
        assert cloison.receive(timeout=300) == ('granted' if given else 'none'), number
    print('done')
