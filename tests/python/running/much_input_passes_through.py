import sys
while chunk := sys.stdin.buffer.read(1 << 16):
    sys.stdout.buffer.write(chunk)
