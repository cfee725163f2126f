# For python-lib/tests/matrix.rs.
import cloison
from table import ATTEMPTS


def by_its_class(capability, function, arguments):
    type(capability).__getattribute__(capability, function)(*arguments)


def by_object(capability, function, arguments):
    object.__getattribute__(capability, function)(*arguments)


def by_a_batch(capability, function, arguments):
    with capability.batch() as batch:
        getattr(batch, function)(*arguments)


def by_a_map(capability, function, arguments):
    getattr(capability, function).map([arguments[0]])


def main():
    capability = cloison.capability("fake")
    granted, refused = dir(capability), 0
    for function, arguments in ATTEMPTS:
        try:
            getattr(capability, function)(*arguments)
        except cloison.CapabilityDenied as error:
            assert error.function == function and function not in granted, error
        except ValueError as error:
            assert function in granted and "do not fit into a call" in str(error), error
            continue
        for way in (by_its_class, by_object, by_a_batch, by_a_map):
            try:
                way(capability, function, arguments)
            except cloison.CapabilityDenied:
                continue
            raise AssertionError((function, way))
        refused += 1
    print(refused, "refused")


main()
