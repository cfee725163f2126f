"""Prints the titles of a feed (RSS or Atom), read by the system's Expat.

    cloison run examples/feed < FEED.xml
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import cloison

expat = cloison.capability("expat")

BLOCK = 4096
MOST = 100
ITEMS = ("item", "entry")  # RSS, Atom


class Enough(Exception):
    """There are more items than anybody wants."""


class Feed:
    """The items of a feed, taken from a parser's calls."""

    def __init__(self, found: Callable[[str, str], None]) -> None:
        self._found = found
        self._path: list[str] = []
        self._text: dict[str, bytes] = {}
        self.items = 0

    def start(self, parser, name: str, attributes: Sequence[str]) -> None:
        """Enter an element."""
        self._path.append(name)
        if name in ITEMS:
            self._text = {}
        elif name in ("enclosure", "link"):
            # The file of a podcast's episode, or an address as Atom has them.
            given = dict(zip(attributes[::2], attributes[1::2]))
            if given.get("rel", "alternate") == "alternate":
                self._text.setdefault("@", given.get("url", given.get("href", "")).encode())

    def text(self, piece: bytes) -> None:
        """Take a piece of text; a character may be cut in two, so it is text only when it is whole."""
        if len(self._path) > 1 and self._path[-2] in ITEMS:
            name = self._path[-1]
            self._text[name] = self._text.get(name, b"") + piece

    def end(self, parser, name: str) -> None:
        """Leave an element."""
        self._path.pop()
        if name in ITEMS:
            self.items += 1
            if self.items > MOST:
                raise Enough(f"more than {MOST} items, at line {expat.line(parser)}")
            title, link, address = (" ".join(self._text.get(field, b"").decode().split()) for field in ("title", "link", "@"))
            self._found(title, link or address)


def blocks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield the stream in pieces, and with each whether it is the last."""
    while block := stream.read(BLOCK):
        yield block, False
    yield b"", True


def read(stream: BinaryIO, found: Callable[[str, str], None]) -> int:
    """Call `found(title, link)` for each item of the feed; return how many there were."""
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
    return feed.items


def main() -> int:
    """Print them; the exit status tells whether there were any, and all were read."""
    if sys.stdin.isatty():
        print("usage: cloison run examples/feed < FEED.xml", file=sys.stderr)
        return 2
    try:
        if read(sys.stdin.buffer, lambda title, link: print(f"- {title or '(no title)'}{f' <{link}>' if link else ''}")):
            return 0
        print("not a feed: there is no item in it", file=sys.stderr)
        return 1
    except expat.NotWellFormed as error:
        print(f"not a feed: {error.__notes__[0]}", file=sys.stderr)
        return 1
    except Enough as error:
        # It was raised in a callback of C's; C has returned before it arrived here.
        print(f"stopped: {error}", file=sys.stderr)
        return 2
