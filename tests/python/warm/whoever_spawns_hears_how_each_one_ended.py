import cloison, sys, os
def fine():
    pass
def exits():
    sys.exit(5)
def fails():
    raise ValueError('no')
def eats():
    return [bytes(1 << 20) for _ in range(1 << 20)]
if __name__ == '__main__':
    for function in (fine, exits, fails, eats):
        cloison.spawn(function, monitor=True)
        down = cloison.receive()
        print(function.__name__, down.reason)
    for _ in range(200):
        cloison.spawn(fine, monitor=True)
    print(len([cloison.receive() for _ in range(200)]))
