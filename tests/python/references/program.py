"""Two references to one object, and something borrowed through the first."""

from cloison import StaleHandle, capability

lib = capability("lib")


def is_gone(part):
    try:
        return lib.part_value(part)
    except StaleHandle as error:
        return type(error).__name__


first = lib.node_new()
second = lib.node_again(first)
part = lib.node_part(first)
first.close()
print("closed:", first.closed, part.closed, lib.part_value(part), lib.node_part(second) == part)
second.close()
print("the last:", part.closed, is_gone(part), part.closed, lib.nodes())

first = lib.node_new()
second = lib.node_again(first)
part = lib.node_part(first)
lib.node_release(first)
print("taken:", part.closed, lib.part_value(part))
lib.node_release(second)
print("the last:", is_gone(part), part.closed, lib.nodes())

first = lib.node_new()
part = lib.node_part(first)
with lib.node_again(first):
    del first
print("dropped:", lib.part_value(part), lib.nodes())
del part
print("the last:", lib.nodes())
