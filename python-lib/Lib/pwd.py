"""The machine's users: a microprocess sees none, but knows who root is, as on every machine."""

from operator import index

from cloison import _native

struct_passwd = _native.structure("pwd", "struct_passwd", "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell")
_ROOT = struct_passwd(("root", "x", 0, 0, "root", "/root", "/bin/sh"))


def getpwuid(uid, /):
    """Return root for 0, and raise KeyError for others."""
    if index(uid) == 0:
        return _ROOT
    raise KeyError(f"getpwuid(): uid not found: {uid}")


def getpwnam(name, /):
    """Return root, and raise KeyError for others."""
    if _native.name(name, "getpwnam") == "root":
        return _ROOT
    raise KeyError(f"getpwnam(): name not found: {name!r}")


def getpwall():
    """Return root alone."""
    return [_ROOT]


_native.as_builtins(globals(), __name__)
