"""Windows above each other."""

from _curses_panel import *  # noqa: F403
