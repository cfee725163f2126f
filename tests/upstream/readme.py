"""Writes the counts of the tables here into README.md; with `--check` it fails if they are not what stands there.

    python3 tests/upstream/readme.py [--check]
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parents[1] / "README.md"
#: Parts of CPython's tests that are told of by themselves.
TOLD = "fileio io pathlib tempfile glob shutil socket ssl httplib urllib2_localnet sqlite3 zoneinfo threading asyncio".split()
BEGIN, END = "| tests | pass | of | |\n", "\nWhat fails has its reason"


def cells(table):
    """Return the cells of a table's lines."""
    lines = (HERE / table).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [\w.-]+( \S+)? \| \d", line)]


def cpython():
    """Yield the line of CPython's own tests."""
    rows = [(name, int(passed), int(of) - int(skipped)) for name, passed, of, skipped, *_ in cells("cpython/table.md")]

    def count(pattern):
        parts = [row for row in rows if re.match(pattern, row[0])]
        return sum(row[1] for row in parts), sum(row[2] for row in parts)

    each = "; ".join("`{}` {:,} of {:,}".format(name, *count(rf"test\.test_{name}(\.|$)")) for name in TOLD)
    yield "| CPython 3.14, {} modules | {:,} | {:,} | of those that are not skipped: {} |".format(len(rows), *count(""), each)


def frameworks():
    """Yield a line for each framework."""
    for name, version, _, _, of, passed, share, _ in cells("frameworks/table.md"):
        part = ", a part" if name == "django" else ""
        yield f"| {name}{part} {version} | {int(passed):,} | {int(of):,} | {share} of what passes on CPython |"


def databases():
    """Yield a line for each driver."""
    sums = {}
    for file, passed, of, *_ in cells("databases/table.md"):
        before = sums.get(file.split()[0], (0, 0))
        sums[file.split()[0]] = before[0] + int(passed), before[1] + int(of)
    for name, (passed, of) in sums.items():
        yield f"| {name} | {passed:,} | {of:,} | {100 * passed / of:.1f} % of what passes on CPython, with a real server |"


def main():
    """Write them, or compare them."""
    text = README.read_text()
    begin, end = text.index(BEGIN), text.index(END)
    new = text[:begin] + BEGIN + "|---|--:|--:|---|\n" + "".join(f"{line}\n" for line in [*cpython(), *frameworks(), *databases()]) + text[end:]
    if "--check" not in sys.argv[1:]:
        README.write_text(new)
    elif new != text:
        print("README.md does not say what the tables of tests/upstream do: python3 tests/upstream/readme.py writes it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
