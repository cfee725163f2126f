"""What `cProfile` counts and times calls with. It is Python, so that it costs as much as `profile` does."""

import sys
import time

from cloison import _native

profiler_entry = _native.structure("_lsprof", "profiler_entry", "code callcount reccallcount totaltime inlinetime calls")
profiler_subentry = _native.structure("_lsprof", "profiler_subentry", "code callcount reccallcount totaltime inlinetime")


class _Times:
    """Calls of one function, from anywhere or from one caller."""

    __slots__ = ("calls", "recursive", "total", "inline", "depth", "callees")

    def __init__(self):
        self.calls = self.recursive = self.depth = 0
        self.total = self.inline = 0
        self.callees = {}

    def begin(self):
        self.depth += 1

    def end(self, total, inline):
        self.depth -= 1
        self.calls += 1
        if self.depth:
            self.recursive += 1
        else:
            self.total += total
        self.inline += inline


class Profiler:
    """Count and time the calls of functions, from `enable` to `disable`."""

    def __init__(self, timer=None, timeunit=0.0, subcalls=True, builtins=True):
        self._timer = timer or time.perf_counter
        self._unit = timeunit or 1
        self._subcalls, self._builtins = subcalls, builtins
        self.clear()

    def clear(self):
        """Forget everything."""
        self._functions = {}
        self._stack = []

    def enable(self, subcalls=True, builtins=True):
        """Begin."""
        if sys.getprofile() is not None:
            raise ValueError("Another profiling tool is already active")
        self._subcalls, self._builtins = subcalls, builtins
        sys.setprofile(self._hear)

    def disable(self):
        """End; what still runs is counted as if it ended now."""
        sys.setprofile(None)
        while self._stack:
            self._return()

    def getstats(self):
        """Return an entry for each function, with one for each that it called."""
        unit = self._unit

        def times(kind, key, one, *more):
            return kind((key, one.calls, one.recursive, one.total * unit, one.inline * unit, *more))

        def entry(key, one):
            calls = [times(profiler_subentry, callee, times_) for callee, times_ in one.callees.items()]
            return times(profiler_entry, key, one, calls or None)

        return [entry(key, one) for key, one in self._functions.items() if one.calls]

    def _hear(self, frame, event, argument):
        if frame.f_code in _OWN:
            return
        if event == "call":
            self._call(frame.f_code)
        elif event == "return":
            self._return()
        elif self._builtins:
            if event == "c_call":
                self._call(_text(argument))
            else:
                self._return()

    def _call(self, key):
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = _Times()
        function.begin()
        pair = None
        if self._subcalls and self._stack:
            callees = self._stack[-1][0].callees
            pair = callees.get(key)
            if pair is None:
                pair = callees[key] = _Times()
            pair.begin()
        self._stack.append([function, pair, 0, self._timer()])

    def _return(self):
        if not self._stack:
            return
        function, pair, inner, begun = self._stack.pop()
        total = self._timer() - begun
        if self._stack:
            self._stack[-1][2] += total
        function.end(total, total - inner)
        if pair is not None:
            pair.end(total, total - inner)


_OWN = frozenset(function.__code__ for function in vars(Profiler).values() if hasattr(function, "__code__"))


def _text(function):
    """Return what a builtin function is called in a profile."""
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type(sys)):
        module = getattr(function, "__module__", None)
        return f"<built-in method {module + '.' if module else ''}{function.__name__}>"
    if isinstance(owner, type):
        return f"<built-in method {function.__name__}>"
    return f"<method {function.__name__!r} of {type(owner).__name__!r} objects>"
