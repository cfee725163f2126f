"""Makes a thumbnail of each picture in a folder, each in a process of its own.

    cloison run examples/thumbnails [SIZE]
"""

import sys
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import cloison
from cloison.futures import BrokenWorker, Executor

if TYPE_CHECKING:
    from gd_capability import Gd  # cloison stub examples/thumbnails/gd.zone.toml -o examples/thumbnails/gd_capability.pyi

gd: "Gd" = cloison.capability("gd")

PICTURES, THUMBNAILS = Path("/pictures"), Path("/thumbnails")
KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".webp": "webp"}
WHITE = 0xFFFFFF


def decoded(data: bytes, kind: str) -> "Gd.Image":
    """Return the picture as an object of the library's; ValueError if it cannot be read."""
    read = {"jpeg": gd.read_jpeg, "png": gd.read_png, "gif": gd.read_gif, "webp": gd.read_webp}[kind]
    try:
        return read(data)
    except gd.Unreadable:
        raise ValueError(f"no {kind}, or damaged, or too large") from None


def scaled(data: bytes, kind: str, size: int) -> bytes:
    """Return a picture as a JPEG that is at most `size` pixels wide and high."""
    with decoded(data, kind) as picture:
        _, _, right, bottom = gd.clip(picture)
        width, height = right + 1, bottom + 1
        scale = min(1, size / max(width, height))
        to_width, to_height = max(1, round(width * scale)), max(1, round(height * scale))
        with gd.create(to_width, to_height) as thumbnail:
            gd.fill(thumbnail, 0, 0, to_width, to_height, WHITE)  # where the picture is transparent
            gd.copy_scaled(thumbnail, picture, 0, 0, 0, 0, to_width, to_height, width, height)
            return gd.write_jpeg(thumbnail)


def make(name: str, size: int) -> int:
    """Write the thumbnail of one picture; return how many bytes it has."""
    picture, thumbnail = PICTURES / name, THUMBNAILS / f"{name}.jpg"
    data = scaled(picture.read_bytes(), KINDS[picture.suffix.lower()], size)
    thumbnail.parent.mkdir(parents=True, exist_ok=True)
    return thumbnail.write_bytes(data)


def main() -> int:
    """Make them all; the exit status is 1 if one cannot be made, 2 if the question is wrong."""
    size = sys.argv[1] if len(sys.argv) > 1 else "160"
    if len(sys.argv) > 2 or not size.isdecimal() or not 1 <= int(size) <= 1024:
        print("usage: thumbnails [SIZE]", file=sys.stderr)
        return 2
    names = sorted(str(path.relative_to(PICTURES)) for path in PICTURES.rglob("*") if path.suffix.lower() in KINDS)
    failed = 0
    # A worker makes one picture, and ends, and with it its zone: what a picture does to the library, no other one sees.
    with Executor(max_tasks_per_child=1, capabilities=["files", "gd"]) as executor:
        futures: dict[str, Future[int]] = {name: executor.submit(make, name, int(size)) for name in names}
        for name, future in futures.items():
            try:
                print(f"{name}: {future.result():,} bytes")
            except (cloison.Error, BrokenWorker, OSError, ValueError) as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed += 1
    print(f"{len(names) - failed} of {len(names)} pictures")
    return 1 if failed else 0
