import sys
print('started', flush=True)
while True:
    print('x' * 100000, file=sys.stderr)
