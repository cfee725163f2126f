# For tests/tests/arguments.rs.
import array, cloison, json, math, sys

n = cloison.capability("numbers")

class Index:
    def __index__(self):
        return 7

class Shrinks:
    """Whose `__index__` changes another argument of the same call."""
    def __init__(self, victim):
        self.victim = victim
    def __index__(self):
        self.victim.clear()
        return 1

def crossed(text):
    before = n.made()
    try:
        result = {"value": repr(eval(text))}
    except Exception as error:
        result = {"error": type(error).__name__, "text": str(error)}
        for name in ("function", "code", "errno", "message"):
            if getattr(error, name, None) is not None:
                result[name] = getattr(error, name)
    result["crossed"] = n.made() - before
    return result

for line in sys.stdin.read().splitlines():
    print(json.dumps(crossed(line)))
