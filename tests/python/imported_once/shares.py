# For tests/tests/imported_once.rs: the module is imported once for all processes that need it, and they share nothing of it.
import secrets

import cloison
from cloison import receive, spawn

IMPORT = secrets.token_hex(8)
numbers = [1]
print(f"{__name__} is imported", flush=True)


class Settings:
    name = "of the module"


def tells(to):
    to.send((IMPORT, list(numbers), Settings.name, __name__))
    numbers.append(cloison.self().number)
    Settings.name = "of a process"


def of_a_process():
    spawn(tells, cloison.self())
    return receive(tuple, timeout=300)


def main():
    imports = set()
    # A machine that is busy may not have imported it in time for the first ones, which do that for themselves then.
    before = None
    while True:
        told = of_a_process()
        imports.add(told[0])
        if told[0] == before:
            break
        before = told[0]
    told = [of_a_process() for _ in range(40)]
    print("imports:", len(imports), flush=True)
    print("after that:", {import_ for import_, *_ in told} == {before}, IMPORT not in imports)
    print("what the others see:", *{str(rest) for _, *rest in told})
    print("what the program sees:", numbers, Settings.name)


if __name__ == "__main__":
    main()
