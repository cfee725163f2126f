"""What `curses.panel` is. A terminal cannot be controlled."""

from cloison import _native, _needs

version = __version__ = "2.1"


class error(Exception):
    """A panel that cannot be used."""


panel = _native.refused("_curses_panel", "panel", _needs.TERMINAL)
globals().update(_native.failing_functions(__name__, _needs.TERMINAL, error, "bottom_panel new_panel top_panel update_panels"))
