"""The machine's groups: a microprocess sees none, but knows root's, as on every machine."""

from operator import index

from cloison import _native

struct_group = _native.structure("grp", "struct_group", "gr_name gr_passwd gr_gid gr_mem")


def _root():
    return struct_group(("root", "x", 0, []))


def getgrgid(id):
    """Return root's group for 0, and raise KeyError for others."""
    if index(id) == 0:
        return _root()
    raise KeyError(f"getgrgid(): gid not found: {id}")


def getgrnam(name):
    """Return root's group, and raise KeyError for others."""
    if _native.name(name, "getgrnam") == "root":
        return _root()
    raise KeyError(f"getgrnam(): name not found: {name!r}")


def getgrall():
    """Return root's group alone."""
    return [_root()]


_native.as_builtins(globals(), __name__)
