"""Prints the titles of an RSS feed, read by the system's Expat.

    cloison run examples/feed < FEED.xml
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import cloison

expat = cloison.capability("expat")

BLOCK = 4096
MOST = 100


class Enough(Exception):
    """There are more items than anybody wants."""


class Feed:
    """The items of a feed, taken from a parser's calls."""

    def __init__(self, found: Callable[[str, str], None]) -> None:
        self._found = found
        self._path: list[str] = []
        self._text: dict[str, bytes] = {}
        self._items = 0

    def start(self, parser, name: str, attributes: Sequence[str]) -> None:
        """Enter an element."""
        self._path.append(name)
        if name == "item":
            self._text = {}
        elif name == "enclosure":
            given = dict(zip(attributes[::2], attributes[1::2]))
            self._text["link"] = given.get("url", "").encode()

    def text(self, piece: bytes) -> None:
        """Take a piece of text; a character may be cut in two, so it is text only when it is whole."""
        if self._path[-2:-1] == ["item"]:
            name = self._path[-1]
            self._text[name] = self._text.get(name, b"") + piece

    def end(self, parser, name: str) -> None:
        """Leave an element."""
        self._path.pop()
        if name == "item":
            self._items += 1
            if self._items > MOST:
                raise Enough(f"more than {MOST} items, at line {expat.line(parser)}")
            title, link = (self._text.get(field, b"").decode().strip() for field in ("title", "link"))
            self._found(title, link)


def blocks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield the stream in pieces, and with each whether it is the last."""
    while block := stream.read(BLOCK):
        yield block, False
    yield b"", True


def read(stream: BinaryIO, found: Callable[[str, str], None]) -> None:
    """Call `found(title, link)` for each item of the feed."""
    feed = Feed(found)
    with expat.parser_create() as parser:
        expat.use_parser_as_argument(parser)
        expat.on_elements(parser, feed.start, feed.end)
        expat.on_text(parser, feed.text)
        try:
            for block, last in blocks(stream):
                expat.parse(parser, block, isFinal=last)
        except expat.NotWellFormed as error:
            reason = expat.error_string(expat.error_code(parser))
            error.add_note(f"{reason} at line {expat.line(parser)}, column {expat.column(parser)}")
            raise


def main() -> int:
    """Print them; the exit status tells whether the feed was read to its end."""
    try:
        read(sys.stdin.buffer, lambda title, link: print(f"- {title or '(no title)'}{f' <{link}>' if link else ''}"))
    except expat.NotWellFormed as error:
        print(f"not a feed: {error.__notes__[0]}", file=sys.stderr)
        return 1
    except Enough as error:
        # It was raised in a callback of C's; C has returned before it arrived here.
        print(f"stopped: {error}", file=sys.stderr)
        return 2
    return 0
