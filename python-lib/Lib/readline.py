"""The settings of an editor of lines. Nothing edits: a microprocess reads its input as it comes."""

from cloison import _native

backend = "readline"
_READLINE_VERSION = _READLINE_RUNTIME_VERSION = 0x802
_READLINE_LIBRARY_VERSION = "8.2"

_completer = None
_delimiters = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"
_history = []
_history_length = -1


def parse_and_bind(string, /):
    """Do nothing."""


def insert_text(string, /):
    """Do nothing."""


def redisplay():
    """Do nothing."""


def get_line_buffer():
    """Return nothing."""
    return ""


def get_begidx():
    """Return 0."""
    return 0


def get_endidx():
    """Return 0."""
    return 0


def get_completion_type():
    """Return 0."""
    return 0


def set_completer(function=None, /):
    """Keep it."""
    global _completer
    _completer = function


def get_completer():
    """Return what `set_completer` was given."""
    return _completer


def set_completer_delims(string, /):
    """Keep them."""
    global _delimiters
    _delimiters = string


def get_completer_delims():
    """Return what `set_completer_delims` was given."""
    return _delimiters


def set_completion_display_matches_hook(function=None, /):
    """Do nothing."""


def set_startup_hook(function=None, /):
    """Do nothing."""


def set_pre_input_hook(function=None, /):
    """Do nothing."""


def set_auto_history(enabled, /):
    """Do nothing."""


def add_history(string, /):
    """Add a line."""
    _history.append(string)


def clear_history():
    """Forget all lines."""
    _history.clear()


def get_current_history_length():
    """Return how many lines there are."""
    return len(_history)


def get_history_item(index, /):
    """Return a line, counted from 1, or None."""
    return _history[index - 1] if 0 < index <= len(_history) else None


def remove_history_item(pos, /):
    """Forget a line, counted from 0."""
    _check(pos)
    del _history[pos]


def replace_history_item(pos, line, /):
    """Replace a line, counted from 0."""
    _check(pos)
    _history[pos] = line


def _check(position):
    if position < 0:
        raise ValueError("History index cannot be negative")
    if position >= len(_history):
        raise ValueError(f"No history item at position {position}")


def get_history_length():
    """Return how many lines would be written to a file."""
    return _history_length


def set_history_length(length, /):
    """Keep it."""
    global _history_length
    _history_length = length


def read_init_file(filename=None, /):
    """Read settings, which do nothing."""
    with _open(filename, "~/.inputrc", "rb"):
        pass


def read_history_file(filename=None, /):
    """Add the lines of a file."""
    with _open(filename, "~/.history", "r") as file:
        _history.extend(line.rstrip("\n") for line in file)


def write_history_file(filename=None, /):
    """Write all lines to a file, or the last ones if a length was set."""
    first = len(_history) - _history_length if _history_length >= 0 else 0
    _write(filename, "w", _history[max(first, 0) :])


def append_history_file(nelements, filename=None, /):
    """Add the last lines to a file, which has to be there."""
    if nelements < 0:
        raise ValueError("nelements must be positive")
    _write(filename, "a", _history[max(len(_history) - nelements, 0) :])


def _write(filename, mode, lines):
    with _open(filename, "~/.history", mode) as file:
        file.writelines(line + "\n" for line in lines)


def _open(filename, default, mode):
    import os

    path = os.path.expanduser(default) if filename is None else filename
    # Adding to a file does not make it.
    there = (lambda path, flags: os.open(path, flags & ~os.O_CREAT)) if mode == "a" else None
    return open(path, mode, encoding=None if "b" in mode else "utf-8", opener=there)


_native.as_builtins(globals(), __name__)
