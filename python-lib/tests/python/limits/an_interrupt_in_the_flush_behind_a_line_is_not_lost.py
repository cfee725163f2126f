import sys
sys.stderr.buffer.write(b'x' * 65536)
sys.stderr.buffer.flush()
try:
    print('ready', flush=True)
    print('y', file=sys.stderr)
    print('not interrupted')
except KeyboardInterrupt:
    print('interrupted', flush=True)
