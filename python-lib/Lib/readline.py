"""The settings of an editor of lines. Nothing edits: a microprocess reads its input as it comes."""

from cloison import _native, _needs

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


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.TERMINAL, "append_history_file read_history_file read_init_file write_history_file"))
