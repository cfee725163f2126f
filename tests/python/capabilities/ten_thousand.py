"""As many capabilities as one process may make, alive at once; then one word ends all of them, and what nothing names goes."""

import sys

import cloison

MOST = 10_000


def main():
    zlib = cloison.capability("zlib")
    print("none", flush=True)
    sys.stdin.readline()
    top = zlib.narrow()
    below = [top.narrow(functions=["crc32"], calls=10, where={"crc32": "len <= 100"}) for _ in range(MOST - 1)]
    try:
        zlib.narrow()
    except cloison.CapabilityDenied as error:
        assert "which is the most" in str(error), error
    else:
        raise AssertionError("there is no end")
    assert below[-1].crc32(0, b"hello") == 907060870
    print("all", flush=True)
    sys.stdin.readline()
    top.revoke()
    for each in (below[0], below[-1]):
        try:
            each.crc32(0, b"")
        except cloison.Revoked:
            continue
        raise AssertionError("one is left")
    del below, top, each
    # What is given back is said before the next question.
    for _ in range(MOST):
        zlib.narrow()
    print("gone", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
