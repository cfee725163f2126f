# For tests/tests/overruns.rs.
import cloison
lib = cloison.capability('lib')
for call in (lambda: lib.digest(b'abc')), (lambda: lib.digest.map([b'abc'])):
    try:
        call()
    except cloison.ZoneCrashed as error:
        print(str(error).partition(': ')[2].partition('): ')[2])
print(lib.decode(b'abc'))
