# For tests/tests/processes.rs: a program that starts a process at its top level is refused where it does that.
import cloison

print(__name__, flush=True)


def works():
    cloison.parent().send("works")


if True:
    # Nobody can see from the text what that condition is: it is the child that is refused.
    child = cloison.spawn(works, monitor=True)
    print(str(cloison.receive(timeout=300).reason).splitlines()[-1], flush=True)
for _ in range(3):
    try:
        cloison.spawn(works)
    finally:
        print("refused", flush=True)
