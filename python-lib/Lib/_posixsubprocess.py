"""What CPython's `subprocess` starts programs with. It refuses."""

from cloison import _native, _needs

globals().update(_native.functions(__name__, _needs.PROCESSES, "fork_exec"))
