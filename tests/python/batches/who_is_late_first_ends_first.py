# Whoever is in a batch does not complain for a quarter of an hour, and the longest call may take ten minutes.
import cloison

FOR_EVER = 1_000_000
naps = cloison.capability("naps")


def alone():
    with naps.batch() as batch:
        batch.short_nap(FOR_EVER)
        for _ in range(1000):
            batch.short_nap(0)


def behind_a_long_one():
    with naps.batch() as batch:
        batch.long_nap(1500)
        batch.short_nap(500)
        batch.short_nap(FOR_EVER)


def complaining():
    naps.middle_nap(FOR_EVER)


def say(what):
    naps.short_nap(0)
    cloison.parent().send("begins")
    try:
        globals()[what]()
    except cloison.DeadlineExceeded as error:
        cloison.parent().send((what, error.function))


if __name__ == "__main__":
    for what in ("alone", "behind_a_long_one", "complaining"):
        cloison.spawn(say, what, capabilities=["naps"])
        cloison.receive(str)
    print(sorted([cloison.receive(tuple), cloison.receive(tuple)]))
