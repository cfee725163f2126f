"""Prints the words that occur most often in a text, counted by as many processes as there are processors.

    cloison run examples/mapreduce < TEXT
    cloison run examples/mapreduce 20 < TEXT
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from typing import BinaryIO

from cloison.futures import BrokenWorker, Executor

CHUNK = 256 << 10
TRIES = 3
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the text in pieces that end where a line does, if no line is longer than a piece."""
    while chunk := stream.read(CHUNK):
        yield chunk + stream.readline(CHUNK)


def count(chunk: bytes) -> dict[str, int]:
    """Map: a worker counts the words of one piece. A message has dicts in it, but no `Counter`."""
    return dict(Counter(WORD.findall(chunk.decode(errors="replace").lower())))


def counted(executor: Executor, pieces: Iterator[bytes], at_once: int) -> Iterator[dict[str, int]]:
    """Yield what workers have counted, as it comes. A piece whose worker has ended is given to another one."""
    running = {}

    def submit(piece: bytes, tries: int) -> None:
        running[executor.submit(count, piece)] = piece, tries

    while True:
        while len(running) < at_once and (piece := next(pieces, None)) is not None:
            submit(piece, TRIES)
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            piece, tries = running.pop(future)
            try:
                yield future.result()
            except BrokenWorker as error:
                if tries == 1:
                    raise
                print(f"once more: {error}", file=sys.stderr)
                submit(piece, tries - 1)


def main() -> int:
    """Print them; the exit status is 1 if there are none, 2 if the question is wrong."""
    most = sys.argv[1] if len(sys.argv) > 1 else "10"
    if len(sys.argv) > 2 or not most.isdecimal() or sys.stdin.isatty():
        print("usage: mapreduce [HOW_MANY] < TEXT", file=sys.stderr)
        return 2
    total: Counter[str] = Counter()
    workers = os.process_cpu_count() or 1
    with Executor(workers) as executor:
        for counts in counted(executor, chunks(sys.stdin.buffer), 2 * workers):
            total.update(counts)  # reduce
    if not total:
        print("there are no words", file=sys.stderr)
        return 1
    for word, number in sorted(total.items(), key=lambda item: (-item[1], item[0]))[: int(most)]:
        print(f"{number:10,}  {word}")
    print(f"{total.total():10,}  words, {len(total):,} different ones")
    return 0
