import sys
line = 'x' * 1000
try:
    for _ in range(100000):
        print(line)
    sys.stdout.flush()
except BrokenPipeError:
    print('broken', file=sys.stderr)
    sys.exit(7)
