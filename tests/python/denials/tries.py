# For tests/tests/denials.rs.
import cloison, sys
for text in sys.argv[1:]:
    try:
        print("ok", eval(text))
    except Exception as error:
        print(type(error).__name__, getattr(error, "capability", None), getattr(error, "function", None),
              getattr(error, "location", None), "|", error)
