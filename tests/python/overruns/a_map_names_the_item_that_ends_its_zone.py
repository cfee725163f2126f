# For tests/tests/overruns.rs.
import cloison
lib = cloison.capability('lib')


def crash(jobs):
    """What the map ends with. Replies of earlier items are read while later ones run: what the overrun writes over them is
    refused as a bad answer, once in a while, before anybody knows that the zone has ended."""
    for _ in range(5):
        try:
            lib.decode.map(jobs)
        except cloison.ZoneCrashed as error:
            return error
        except cloison.Error as error:
            assert "the zone answered" in str(error), error
    raise AssertionError("a bad answer five times")


for at in 0, 3, 25, 250, 777, 999:
    jobs = [bytes([i % 100, 1]) for i in range(1000)]
    jobs[at] = b'\xbd'
    error = crash(jobs)
    print(error.index, len(error.results) <= error.index, error.results == [i % 100 + 1 for i in range(len(error.results))])
