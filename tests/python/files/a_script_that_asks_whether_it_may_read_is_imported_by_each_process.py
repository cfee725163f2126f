import os

from cloison.futures import Executor

MAY = os.access('/seen/text', os.R_OK)


def may():
    return MAY


if __name__ == '__main__':
    for held in ['files'], []:
        with Executor(max_workers=1, capabilities=held) as executor:
            print(executor.submit(may).result())
    print(MAY)
