# For tests/tests/tables.rs.
import cloison, sys, traceback
n = cloison.capability("tables")

for line in sys.stdin.read().splitlines():
    try:
        print(repr(eval(line)))
    except Exception as error:
        print("".join(traceback.format_exception_only(error)).strip())
