"""The machine's users: a microprocess sees none."""

from cloison import _native

struct_passwd = _native.structure("pwd", "struct_passwd", "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell")


def getpwuid(uid, /):
    """Raise KeyError."""
    raise KeyError(f"getpwuid(): uid not found: {uid}")


def getpwnam(name, /):
    """Raise KeyError."""
    raise KeyError(f"getpwnam(): name not found: {name!r}")


def getpwall():
    """Return nothing."""
    return []


_native.as_builtins(globals(), __name__)
