"""Prints the size of a PNG and a thumbnail of letters, read by the system's libpng.

    cloison run examples/image < PICTURE.png
"""

import sys
from dataclasses import dataclass
from typing import BinaryIO

import cloison

png = cloison.capability("png")

LARGEST = 4096
COLUMNS, LINES = 48, 32
SHADES = " .:-=+*#%@"


@dataclass
class Picture:
    """A picture in gray: one byte for each pixel, row by row."""

    width: int
    height: int
    kind: str
    rows: list[bytes]


class Damaged(Exception):
    """The file is not what it says."""


def read(stream: BinaryIO) -> Picture:
    """Read a picture; Damaged if it cannot be read."""
    reasons: list[str] = []
    warnings: list[str] = []

    def failed(reader, message: str) -> None:
        reasons.append(f"{message} ({warnings[-1]})" if warnings else message)

    def take(reader, length: int) -> bytes:
        data = stream.read(length)
        if len(data) < length:
            # libpng has no way to be told, and goes on with zeros until it finds a mistake.
            reasons.append("the file ends too early")
        return data.ljust(length, b"\0")

    try:
        return pixels(png.create_reader(failed, lambda reader, message: warnings.append(message)), take)
    except cloison.ZoneCrashed:
        # What libpng does when it finds a mistake. The next call would start a new zone.
        raise Damaged(reasons[0] if reasons else "libpng gave up") from None


def pixels(reader, take) -> Picture:
    """Read the whole picture from `take`."""
    info = png.create_info(reader)
    png.set_limits(reader, LARGEST, LARGEST)
    png.read_from(reader, take)
    png.read_info(reader, info)
    width, height, depth, color, _ = png.header(reader, info)
    kind = f"{png.COLOR_TYPES.split(', ')[color]}, {depth} bit"

    png.expand(reader)
    png.strip_16(reader)
    png.strip_alpha(reader)
    if color & 2:
        png.rgb_to_gray(reader)
    passes = png.interlace_passes(reader)
    png.update_info(reader, info)
    used = png.row_bytes(reader, info)
    rows = [bytes(8 * png.row_room(reader))] * height
    for _ in range(passes):
        rows = [png.read_row(reader, row) for row in rows]
    return Picture(width, height, kind, [row[:used] for row in rows])


def thumbnail(picture: Picture) -> list[str]:
    """Return the picture as lines of letters, which are twice as high as they are wide."""
    columns = max(1, min(COLUMNS, picture.width, 2 * LINES * picture.width // picture.height))
    lines = max(1, min(LINES, picture.height * columns // picture.width // 2))

    def shade(line: int, column: int) -> str:
        top, bottom = (at * picture.height // lines for at in (line, line + 1))
        left, right = (at * picture.width // columns for at in (column, column + 1))
        cells = [row[left:right] for row in picture.rows[top : max(bottom, top + 1)]]
        mean = sum(map(sum, cells)) / sum(map(len, cells))
        return SHADES[int(mean * len(SHADES) / 256)]

    return ["".join(shade(line, column) for column in range(columns)).rstrip() for line in range(lines)]


def main() -> int:
    """Print both; the exit status tells whether it was a picture."""
    if sys.stdin.isatty():
        print("usage: cloison run examples/image < PICTURE.png", file=sys.stderr)
        return 2
    try:
        picture = read(sys.stdin.buffer)
    except Damaged as error:
        print(f"no picture: {error}", file=sys.stderr)
        return 1
    print(f"{picture.width} x {picture.height}, {picture.kind}")
    print(*thumbnail(picture), sep="\n")
    return 0
