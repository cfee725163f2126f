"""Count and time the calls of functions. It has the interface of CPython's `cProfile`, which RustPython leaves out."""

import _lsprof
import profile as _profile

__all__ = ["run", "runctx", "Profile"]


def run(statement, filename=None, sort=-1):
    """Run a statement, and print or save what it called."""
    return _profile._Utils(Profile).run(statement, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    """The same, with a namespace of one's own."""
    return _profile._Utils(Profile).runctx(statement, globals, locals, filename, sort)


run.__doc__, runctx.__doc__ = _profile.run.__doc__, _profile.runctx.__doc__


class Profile(_lsprof.Profiler):
    """A profiler: ``Profile(timer=None, timeunit=0.0, subcalls=True, builtins=True)``.

    The timer is a function without arguments; one of whole numbers needs the unit that they count, in seconds.
    """

    def print_stats(self, sort=-1):
        """Print what was called, in an order or in several."""
        import pstats

        order = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*order).print_stats()

    def dump_stats(self, file):
        """Save what was called, for `pstats`."""
        import marshal

        with open(file, "wb") as opened:
            self.create_stats()
            marshal.dump(self.stats, opened)

    def create_stats(self):
        """End, and have `stats` for `pstats`."""
        self.disable()
        self.snapshot_stats()

    def snapshot_stats(self):
        """Make `stats`: function → calls, calls that are not recursive, own time, time with what it calls, callers."""
        entries = self.getstats()
        callers = {label(entry.code): {} for entry in entries}
        for entry in entries:
            for call in entry.calls or ():
                known = callers[label(call.code)]
                one = _numbers(call)
                last = known.get(label(entry.code), (0, 0, 0, 0))
                known[label(entry.code)] = tuple(map(sum, zip(last, one)))
        self.stats = {}
        for entry in entries:
            calls, direct, own, whole = _numbers(entry)
            self.stats[label(entry.code)] = direct, calls, own, whole, callers[label(entry.code)]

    def run(self, cmd):
        """Profile a statement in the namespace of ``__main__``."""
        import __main__

        return self.runctx(cmd, vars(__main__), vars(__main__))

    def runctx(self, cmd, globals, locals):
        """Profile a statement in a namespace."""
        with self:
            exec(cmd, globals, locals)
        return self

    def runcall(self, func, /, *args, **kw):
        """Profile a call, and return its result."""
        with self:
            return func(*args, **kw)

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()


def _numbers(entry):
    return entry.callcount, entry.callcount - entry.reccallcount, entry.inlinetime, entry.totaltime


def label(code):
    """Return file, line and name of a function; a builtin one has a name alone."""
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


def main():
    """Say that programs are not profiled this way: a microprocess cannot open them."""
    import sys

    sys.exit("cProfile: call cProfile.run() in the program instead")


if __name__ == "__main__":
    main()
