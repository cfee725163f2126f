"""A field to type text into, and a frame around it."""

from cloison import _native, _needs

Textbox = _native.refused("curses.textpad", "Textbox", _needs.TERMINAL, methods="do_command edit gather")
rectangle = _needs.denied("rectangle", "curses.textpad", _needs.TERMINAL)
