import cloison, sys
def main():
    report, other = (sys.stderr, sys.stdout) if sys.argv[1] == 'stderr' else (sys.stdout, sys.stderr)
    for _ in range(1000):
        try:
            import outside
        except ImportError:
            pass
    loop = cloison.capability('loop')
    try:
        loop.forever()
    except cloison.DeadlineExceeded:
        print('deadline', loop.one(), file=report, flush=True)
    try:
        sys.stdin.read()
        other.write('x' * (1 << 20))
        other.flush()
    except OSError:
        pass
    while True:
        pass
