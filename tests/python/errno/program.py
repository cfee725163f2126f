# For tests/tests/errno.rs.
import cloison
libc, own = cloison.capability("libc"), cloison.capability("own")

def tried(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, getattr(error, "errno", None)

for text in ("42", "9223372036854775807", "9223372036854775808", "-9223372036854775808"):
    print(tried(libc.strtol, text))
print(tried(libc.strtod, "1e400"), libc.strtod("0.25 and more"))
for who in ("ann", "bob", "eve"):
    print(tried(own.balance, who), tried(own.balance_asked, who))
rows = own.open()
print([tried(own.next, rows) for _ in range(4)])
