# For tests/tests/things.rs.
import cloison
t = cloison.capability("things")

def error(function, *arguments, **named):
    """Print what a call raises, and return it."""
    try:
        print("returned", function(*arguments, **named))
    except Exception as error:
        print(type(error).__name__ + ":", error)
        return error
