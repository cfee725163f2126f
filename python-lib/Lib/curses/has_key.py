"""Which keys a terminal has."""

from _curses import has_key  # noqa: F401
