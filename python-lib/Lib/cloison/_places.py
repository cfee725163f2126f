"""Where a process sees files: the places that its capabilities of zone ``files`` give, the application's own folder, and the sources of the
standard library.

A path is looked up among all of them, and the longest one that it begins with says whose it is. What happens below that place is the
service's to do, and the kernel's to allow: nothing is decided here.
"""

import errno as _errno

import _cloison
import posix as _posix
from cloison import _needs
from cloison._folder import LIBRARY, PROGRAMS, Folder, Library, Programs


class _Mount:
    """One place, and the capability that gives it."""

    def __init__(self, at, capability, rights, location):
        self.at = at.encode()
        self.beneath = b"/" if at == "/" else self.at + b"/"
        self.capability = capability
        self.rights = rights
        self.location = location
        #: It is not listed in the folders above it, and is no file that was granted.
        self.is_hidden = False

    def __getattr__(self, name):
        # Asked once: the broker is told of a capability when it is first used.
        if name != "files":
            raise AttributeError(name)
        files = _capabilities.get(self.capability)
        if files is None:
            files = _capabilities[self.capability] = _cloison.capability(self.capability)
        self.files = files
        return files


_capabilities = {}
_mounts = None
_cwd = "/"
_umask = 0o022


def mounts():
    """Return the places of this process, the longest first."""
    global _mounts
    found = _mounts
    if found is None:
        given = _cloison.mounts()
        found = [_Mount(*mount) for mount in given or ()]
        taken = {mount.at for mount in found}
        for number, at in enumerate(_cloison.folders()):
            mount = _Mount(at, None, ("read", "list"), "the application's own folder")
            if mount.at not in taken:
                taken.add(mount.at)
                mount.files = Folder(number, mount.at)
                found.append(mount)
        for at, kind in ((LIBRARY, Library), (PROGRAMS, Programs)):
            mount = _Mount(at, None, ("read", "list"), "Python itself")
            # What is granted is the grant's to give, all that lies below it.
            if mount.at not in taken and not any(mount.at.startswith(one.beneath) for one in found if one.capability is not None):
                mount.is_hidden = True
                mount.files = kind(mount.at)
                found.append(mount)
        found.sort(key=lambda mount: len(mount.at), reverse=True)
        # In a template this is not all: what it forks may hold capabilities.
        if given is not None:
            _mounts = found
            _cloison.set_places([mount.at for mount in found], found)
    return found


def shown():
    """Return those that the folders above them list."""
    return [mount for mount in mounts() if not mount.is_hidden]


# ---- The current folder, and the mode of what is made ----------------------------------------------------------------


def getcwd():
    """Return the current folder, which is this process's own."""
    return _cwd


def getcwdb():
    """Return the current folder as bytes."""
    return _encode(_cwd)


def _change(folder):
    """Make a folder the current one, which is one."""
    global _cwd
    _cwd = folder


def umask(mask, /):
    """Set which bits of a mode are left out when something is made, and return those of before."""
    global _umask
    before, _umask = _umask, mask & 0o777
    return before


def _masked(mode):
    """Return the mode that something is made with."""
    return mode & ~_umask & 0o7777


# ---- Paths ----------------------------------------------------------------------------------------------------------


def _encode(path):
    """Return a path as bytes, as `os.fsencode` does."""
    path = _posix.fspath(path)
    return path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path


def _decode(path):
    """Return a path as text, as `os.fsdecode` does."""
    path = _posix.fspath(path)
    return path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path


def _absolute(path, name):
    """Return a path as bytes, from the root on."""
    if type(path) is not str:
        if isinstance(path, int):
            raise TypeError(f"{name}: path should be string, bytes or os.PathLike, not int")
        path = _posix.fspath(path)
    encoded = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    if not encoded:
        raise FileNotFoundError(_errno.ENOENT, "No such file or directory", path)
    if encoded[:1] != b"/":
        encoded = _encode(_cwd) + b"/" + encoded
    return encoded


def _plain(path):
    """Return an absolute path without empty parts, ``.`` and ``..``."""
    if b"/." not in path and b"//" not in path and path[-1:] != b"/":
        return path
    parts = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/" + b"/".join(parts)


def _route(path, name, making=False):
    """Return the mount that a path leads to, and the path as bytes."""
    absolute = _absolute(path, name)
    places = mounts()
    # `_plain`, where there is nothing to do.
    plain = absolute if b"/." not in absolute and b"//" not in absolute and absolute[-1:] != b"/" else _plain(absolute)
    for mount in places:
        if plain.startswith(mount.beneath) or plain == mount.at:
            return mount, absolute
    if _mounts is None:
        # What a template forks may have more.
        _cloison.give_up_at(plain)
    places = shown()
    if not places:
        _lack(plain, name, making)
        _needs.deny(f"{name}()", _needs.FILES, path)
    beneath = plain if plain == b"/" else plain + b"/"
    for mount in places:
        if mount.at.startswith(beneath):
            return mount, absolute
    _lack(plain, name, making)
    raise _outside(path, name, making)


def _lack(plain, name, making=False, rights=()):
    """Where the application is recorded: say which path no capability gives, and whether it was to be changed."""
    changes = making or any(right not in ("read", "list") for right in rights or _RIGHTS.get(name, ()))
    _cloison.lacks("files", _decode(plain), bool(changes))


def _outside(path, name, making):
    """Return the error for a path that no capability has: it is not there; to make something there is denied."""
    places = shown()
    text = ", ".join(f"{_decode(mount.at)} ({mount.location})" for mount in places)
    need = f"{_decode(path)!r} is below none of the roots of this process: {text}"
    if _mounts is not None and _cloison.parent() is not None:
        need += "; one that is spawned has the capabilities that `capabilities=` of spawn or of Executor gives it"
    elif making:
        need += "; `cloison add files FOLDER --create` grants one, and relative names begin at the current folder"
    if making:
        from cloison._errors import HostDenied

        return HostDenied(f"{name}(): {need}", path)
    error = FileNotFoundError(_errno.ENOENT, "No such file or directory", path)
    error.add_note(f"cloison: {need}")
    return error


#: What a function needs a right for, so that a denial can say which one is missing.
_RIGHTS = {
    "chmod": ("write",),
    "link": ("create",),
    "listdir": ("list",),
    "mkdir": ("create",),
    "rename": ("create", "delete"),
    "rmdir": ("delete",),
    "scandir": ("list",),
    "symlink": ("create",),
    "truncate": ("write",),
    "unlink": ("delete",),
    "utime": ("write",),
}


#: Errors of a limit, and its key in `cloison.toml`.
_LIMITS = {_errno.EDQUOT: "written", _errno.EFBIG: "file_size", _errno.ENOSPC: "scratch"}


def _tell(error, mount, name, path, other=None, rights=None):
    """Give an error of the service the names that the program has for them, and say which right is missing."""
    error.filename = path
    if other is not None:
        error.filename2 = other
    limit = _LIMITS.get(error.errno)
    # A disk may be full as well.
    if limit is not None and (limit != "scratch" or mount.at == b"/tmp"):
        error.add_note(f"cloison: it is more than `{limit}` of [capabilities.{mount.capability}] at {mount.location}")
    if error.errno == _errno.EACCES:
        missing = [right for right in rights or _RIGHTS.get(name, ()) if right not in mount.rights]
        if missing:
            place = _decode(mount.at)
            if mount.capability is not None and path is not None:
                _lack(_plain(_absolute(path, name)), name, rights=missing)
            missing = " and ".join(f'"{right}"' for right in missing)
            error.add_note(f"cloison: the root at {place} does not give {missing}: {mount.location}")
        elif mount.capability is not None:
            error.add_note(
                f"cloison: that root gives it, and the machine refuses it, or a link leads out of the root; "
                f"the service of who is root is uid 65534: {mount.location}"
            )


def _no_dir_fd(name, *descriptors):
    if any(descriptor is not None for descriptor in descriptors):
        raise NotImplementedError(f"{name}: dir_fd unavailable on this platform")
