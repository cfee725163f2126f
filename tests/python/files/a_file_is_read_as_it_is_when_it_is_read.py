import time

import cloison


def writes(to):
    with open('/data/shared', 'w') as file:
        file.write('after')
    to.send('written')


if __name__ == '__main__':
    for wait in (False, True):
        with open('/data/shared', 'w') as file:
            file.write('before')
        file = open('/data/shared')
        cloison.spawn(writes, cloison.self(), capabilities=['files'])
        if wait:
            time.sleep(1)
        else:
            cloison.receive(timeout=300)
        print(file.read())
