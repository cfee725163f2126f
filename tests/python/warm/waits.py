import cloison, sys
def wait():
    cloison.receive()
if __name__ == '__main__':
    for _ in range(3):
        cloison.spawn(wait)
    print('up', flush=True)
    cloison.receive()
