"""Packs and unpacks standard input with the system's Zstandard, in the format that `zstd` reads and writes.

    cloison run examples/pack compress [--level 9] < FILE > FILE.zst
    cloison run examples/pack decompress < FILE.zst > FILE
    cloison run examples/pack test < FILE.zst
    cloison run examples/pack lines < FILE          # what a dictionary does for small records
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import cloison

if TYPE_CHECKING:
    from zstd_capability import Zstd  # cloison stub examples/pack/zstd.zone.toml -o examples/pack/zstd_capability.pyi

zstd: "Zstd" = cloison.capability("zstd")

BLOCK = ROOM = LONGEST = 1 << 20  # how much the manifest lets a call take, and has room for in its result
DICTIONARY = 16 << 10


class Unusable(Exception):
    """The input is not what the command wants."""


class Source:
    """A stream, and how much of it has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.read = 0

    def __iter__(self) -> Iterator[memoryview]:
        while block := self._stream.read(BLOCK):
            self.read += len(block)
            yield memoryview(block)


def compressor(level: int) -> "Zstd.Compressor":
    """Return a compressor whose frames have a checksum."""
    made = zstd.compressor()
    zstd.set(made, zstd.Parameter.ZSTD_c_compressionLevel, level)
    zstd.set(made, zstd.Parameter.ZSTD_c_checksumFlag, 1)
    return made


def packed(source: Source, level: int) -> Iterator[bytes]:
    """Yield the source as one frame, piece by piece."""
    with compressor(level) as frame:
        for rest in source:
            while rest:
                _, piece, taken = zstd.compress_stream(frame, rest)
                rest = rest[taken:]
                yield piece
        left = 1
        while left:
            left, piece, _ = zstd.compress_stream(frame, b"", zstd.Directive.ZSTD_e_end)
            yield piece


def unpacked(source: Source) -> Iterator[bytes]:
    """Yield what is in the source's frames, piece by piece."""
    left = 1
    with zstd.decompressor() as frames:
        for rest in source:
            more = True
            while rest or more:
                left, piece, taken = zstd.decompress_stream(frames, rest)
                rest, more = rest[taken:], left > 0 and len(piece) == ROOM
                yield piece
    if left:
        raise Unusable("the input ends too early")


def write(pieces: Iterable[bytes]) -> int:
    """Write the pieces to standard output; return how many bytes there were."""
    return sum(sys.stdout.buffer.write(piece) for piece in pieces)


def lines(stream: BinaryIO) -> None:
    """Pack each line by itself, as who has to find and read single records does, and print how much room that takes."""
    records = stream.readlines()
    if not records or max(map(len, records)) > LONGEST:
        raise Unusable(f"wanted are lines of at most {LONGEST:,} bytes")
    total = sum(map(len, records))
    # Lines from all over the input are a dictionary. Who reads the records has to have it.
    dictionary = b"".join(records[:: total // DICTIONARY + 1])[:DICTIONARY]

    with zstd.compressor() as plain, zstd.compressor() as knowing, zstd.decompressor() as reader:
        zstd.load_dictionary(knowing, dictionary)
        zstd.expect_dictionary(reader, dictionary)
        # Thousands of calls, and few crossings of the wall: map() makes many calls in one.
        by_itself = zstd.compress.map(records, cctx=plain)
        with_dictionary = zstd.compress.map(records, cctx=knowing)
        again = zstd.decompress.map(with_dictionary, dctx=reader, dstCapacity=max(map(len, records)))
    if again != records:
        raise Unusable("what was unpacked is not what was packed")

    print(f"{len(records):,} lines, {total:,} bytes")
    for how, frames in (("each by itself", by_itself), (f"with {len(dictionary):,} bytes of dictionary", with_dictionary)):
        size = sum(map(len, frames))
        print(f"  {how}: {size:,} ({size / total:.1%})")


def main() -> int:
    """Do as the arguments say; the exit status tells whether it could be done."""
    parser = argparse.ArgumentParser(prog="pack", description="Pack and unpack standard input with Zstandard.")
    parser.add_argument("command", choices=["compress", "decompress", "test", "lines"])
    parser.add_argument("--level", type=int, default=3, choices=range(1, 20), metavar="1…19", help="3 unless said")
    wanted = parser.parse_args()
    if sys.stdin.isatty():
        parser.error("the input is a terminal; redirect a file to it: < FILE")
    if wanted.command == "compress" and sys.stdout.isatty():
        parser.error("the output is a terminal; redirect it to a file: > FILE.zst")
    source = Source(sys.stdin.buffer)
    try:
        match wanted.command:
            case "compress":
                size = write(packed(source, wanted.level))
                print(f"{source.read:,} bytes in, {size:,} out ({size / max(source.read, 1):.1%})", file=sys.stderr)
            case "decompress":
                write(unpacked(source))
            case "test":
                size = sum(map(len, unpacked(source)))
                print(f"{source.read:,} bytes that unpack to {size:,}", file=sys.stderr)
            case "lines":
                lines(sys.stdin.buffer)
    except (Unusable, zstd.ZstdError) as error:
        print(f"pack: {getattr(error, 'message', error)}", file=sys.stderr)
        return 1
    return 0
