import cloison


def work():
    pass


if __name__ == "__main__":
    print("ready", flush=True)
    input()
    reasons = set()
    try:
        # Blanks that are there already may still be had.
        for _ in range(100):
            cloison.spawn(work, monitor=True)
            reasons.add(cloison.receive(timeout=300).reason)
        print("a template that is gone has forked")
    except cloison.SpawnError as error:
        print(type(error).__name__, str(error).splitlines()[0])
    print(sorted(map(str, reasons)))
