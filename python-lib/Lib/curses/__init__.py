"""Screens of text. It has the names of CPython's `curses`, which RustPython leaves out; a terminal cannot be controlled."""

from _curses import *  # noqa: F403


def wrapper(func, /, *args, **kwds):
    """Call a function with a screen, and leave the terminal as it was: refused, as `initscr` is."""
    return func(initscr(), *args, **kwds)  # noqa: F405
