import cloison
libm = cloison.capability('libm')


def works():
    print(libm.sqrt(4.0))


if __name__ == '__main__':
    for held in [], ['libm']:
        cloison.spawn(works, monitor=True, capabilities=held)
        print(cloison.receive().reason.kind, flush=True)
