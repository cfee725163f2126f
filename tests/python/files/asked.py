# For tests/tests/files.rs: what is not there is asked for once.
import os

from cloison import _places


class Counted:
    """A service's functions, and which of them were called."""

    def __init__(self, files):
        self.asked = []
        self._files = files

    def __getattr__(self, name):
        function = getattr(self._files, name)

        def ask(*args):
            self.asked.append(name)
            return function(*args)

        return ask


def attempt(function, *args):
    try:
        function(*args)
    except FileNotFoundError as error:
        print(error.errno, error.strerror, error.filename, *counted.asked)
    counted.asked.clear()


print(os.stat("/seen/text").st_size)
mount = next(mount for mount in _places.mounts() if mount.at == b"/seen")
counted = mount.files = Counted(mount.files)
attempt(os.stat, "/seen/none")
attempt(os.stat, b"/seen/none")
attempt(os.open, "/seen/none", os.O_RDONLY)
attempt(open, "/seen/none")
attempt(open, "/seen/none", "rb")
attempt(open, "/seen/none", "rb", 0)
