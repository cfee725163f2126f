# For tests/tests/processes.rs: modules of an application are imported where there are no processes.
import cloison

for use in (cloison.self, cloison.parent, cloison.receive, lambda: cloison.spawn(print), lambda: cloison.register("x")):
    try:
        print(use())
    except RuntimeError as error:
        print(error)


def works(to):
    to.send("imported and run")


def main():
    cloison.spawn(works, cloison.self())
    print(cloison.receive(timeout=300))
