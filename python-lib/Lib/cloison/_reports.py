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


# What every exception has, whatever its class says it has: nothing of the program's runs, and what is there is of the right type.
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_exceptions_of = BaseExceptionGroup.__dict__["exceptions"].__get__
_set_traceback = BaseException.with_traceback

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


def _shorten(error):
    """Cut the tracebacks of an exception, and of those that led to it or are in it, to their innermost calls.

    A recursion may have been a million calls deep, and to look at one takes as long as to show it. What is returned, `_restore` takes.
    """
    cut = []
    for error in _all_of(error):
        trace = _traceback_of(error)
        innermost = _innermost(trace)
        if innermost is not trace:
            cut.append((error, trace))
            _set_traceback(error, innermost)
    return cut


def _all_of(error):
    """Return an exception, and those that led to it or are in it."""
    found, waiting = {}, [error]
    while waiting:
        error = waiting.pop()
        # What an exception is, is not asked for: its class may answer what it likes.
        if id(error) in found or not issubclass(type(error), BaseException):
            continue
        found[id(error)] = error
        waiting += (_cause_of(error), _context_of(error))
        if issubclass(type(error), BaseExceptionGroup):
            inside = _exceptions_of(error)
            if type(inside) is tuple:
                waiting += inside
    return list(found.values())


def _restore(cut):
    """Give exceptions the tracebacks back that they had."""
    for error, trace in cut:
        _set_traceback(error, trace)


def _call(code, line):
    """Return one call as a traceback shows it, without its source."""
    return f'  File "{code.co_filename}", line {line}, in {code.co_qualname}\n'


def _told(ask, error):
    """Return the text that a function says of an exception, or none if that raises or says something else."""
    try:
        text = ask(error)
    except BaseException:
        return ""
    return text if type(text) is str else ""


def _plain(error):
    """Return what can be said of an exception that `traceback` cannot show."""
    lines, trace = [], _traceback_of(error)
    while trace is not None:
        lines.append(_call(trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    if lines:
        lines.insert(0, "Traceback (most recent call last):\n")
    name = _told(lambda error: type(error).__qualname__, error) or "an exception"
    text = "<str() would not end>" if _cloison.is_endless(error) else _told(str, error)
    lines.append(f"{name}: {text}\n" if text else f"{name}\n")
    return "".join(lines)


def formatted(error, **how):
    """Return an exception as Python shows it, with those that led to it and those that are in it.

    It never raises, whatever the exception does, and leaves the exception as it was.

    Args:
        error: The exception.
        how: What else `traceback.format_exception` is told.
    """
    cut = _shorten(error)
    try:
        import traceback

        if any(_cloison.is_endless(one) for one in _all_of(error)):
            raise RecursionError
        text = "".join(traceback.format_exception(type(error), error, _traceback_of(error), **how))
    except BaseException:
        text = _plain(error)
    finally:
        _restore(cut)
    # A text of Rust's has no halves of surrogate pairs.
    return text.encode("utf-8", "backslashreplace").decode()


def _excepthook(kind, value, trace):
    """Show an uncaught exception. There is no colour: it would be among the characters that are taken out."""
    import traceback

    write(formatted(_set_traceback(value, trace), limit=traceback.BUILTIN_EXCEPTION_LIMIT))


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
    """Return the Python stack, most recent call last, as a traceback shows it without its sources.

    Whoever is asked for it is in the middle of something: nothing is imported and no source is read.
    """
    calls, frame = [], sys._getframe(1)
    while frame is not None and len(calls) < _CALLS:
        calls.append(_call(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    calls.reverse()
    return "".join(calls)


def install():
    """Put the hooks in place."""
    import warnings

    sys.excepthook = sys.__excepthook__ = _excepthook
    sys.unraisablehook = sys.__unraisablehook__ = _unraisablehook
    formatted = warnings._formatwarnmsg
    warnings._formatwarnmsg = lambda message: printable(formatted(message))
