"""What the runtime itself writes on standard error: uncaught exceptions, those that nobody can be told of, warnings.

The text of an error can be a library's or a file's, and a terminal obeys some characters: all of it goes through `write`. What
a program prints is its own.
"""

import sys

import _cloison


def printable(text):
    """The text without what a terminal obeys."""
    return _cloison.printable(text.encode("utf-8", "backslashreplace").decode())


def write(text):
    """Write the text, if there is a standard error."""
    stream = sys.stderr if sys.stderr is not None else sys.__stderr__
    if stream is not None:
        stream.write(printable(text))


class _File:
    """Standard error, for `traceback`, which writes piece by piece."""

    write = staticmethod(write)


#: How many calls of a traceback are shown, the innermost.
_CALLS = 1000


def _innermost(trace):
    ahead = trace
    for _ in range(_CALLS):
        if ahead is None:
            return trace
        ahead = ahead.tb_next
    while ahead is not None:
        ahead, trace = ahead.tb_next, trace.tb_next
    return trace


def shorten(error):
    """Cut the tracebacks of an exception, and of those that led to it, to their innermost calls.

    A recursion may have been a million calls deep, and to look at one takes as long as to show it.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _innermost(error.__traceback__)
        error = error.__cause__ or error.__context__


def _excepthook(kind, value, trace):
    """Show an uncaught exception. There is no colour: it would be among the characters that are taken out."""
    import traceback

    value = value.with_traceback(trace)
    shorten(value)
    traceback.print_exception(value, limit=traceback.BUILTIN_EXCEPTION_LIMIT, file=_File, colorize=False)


def _repr(value):
    try:
        return repr(value)
    except Exception:
        return f"<object {type(value).__name__} repr() failed>"


def _unraisablehook(unraisable):
    """Show an exception that cannot be raised: of `__del__`, say."""
    message, value = unraisable.err_msg, unraisable.exc_value
    if unraisable.object is not None:
        write(f"{message or 'Exception ignored in'}: {_repr(unraisable.object)}\n")
    elif message is not None:
        write(f"{message}:\n")
    if value is None:
        write(f"{unraisable.exc_type.__qualname__}\n")
        return
    import traceback

    traceback.print_exception(unraisable.exc_type, value, unraisable.exc_traceback, file=_File, colorize=False)


def stack():
    """Return the Python stack, most recent call last, as a traceback shows it."""
    import traceback

    return "".join(traceback.format_stack(sys._getframe(1)))


def install():
    """Put the hooks in place."""
    import warnings

    sys.excepthook = sys.__excepthook__ = _excepthook
    sys.unraisablehook = sys.__unraisablehook__ = _unraisablehook
    formatted = warnings._formatwarnmsg
    warnings._formatwarnmsg = lambda message: printable(formatted(message))
