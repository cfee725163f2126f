# For tests/tests/overruns.rs.
import cloison
lib = cloison.capability('lib')
for at in 0, 3, 25, 250, 777, 999:
    jobs = [bytes([i % 100, 1]) for i in range(1000)]
    jobs[at] = b'\xbd'
    try:
        lib.decode.map(jobs)
    except cloison.ZoneCrashed as error:
        print(error.index, len(error.results) <= error.index, error.results == [i % 100 + 1 for i in range(len(error.results))])
