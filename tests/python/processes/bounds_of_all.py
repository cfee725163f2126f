# For tests/tests/processes.rs: what a cloison.toml says of the program itself.
import cloison
from cloison import spawn


def main():
    for attempt in (lambda: spawn(cloison.receive), lambda: cloison.capability("libm").sqrt(4.0)):
        try:
            attempt()
        except cloison.Error as error:
            print(type(error).__name__, str(error).replace("\n", " | "), flush=True)
    while True:
        pass


if __name__ == "__main__":
    main()
