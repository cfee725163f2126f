"""What CPython's `subprocess` starts programs with: those that a capability lets be started."""

import _cloison
from cloison import _programs

fork_exec = _cloison.builtin("fork_exec", "_posixsubprocess", _programs.fork_exec.__doc__, _programs.fork_exec)
