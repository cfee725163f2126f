"""The machine's groups: a microprocess sees none."""

from cloison import _native

struct_group = _native.structure("grp", "struct_group", "gr_name gr_passwd gr_gid gr_mem")


def getgrgid(id):
    """Raise KeyError."""
    raise KeyError(f"getgrgid(): gid not found: {id}")


def getgrnam(name):
    """Raise KeyError."""
    raise KeyError(f"getgrnam(): name not found: {name!r}")


def getgrall():
    """Return nothing."""
    return []


_native.as_builtins(globals(), __name__)
