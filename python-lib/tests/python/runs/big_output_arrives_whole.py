import sys
sys.stdout.buffer.write(b'x' * 3_000_000)
for i in range(100_000): print(i)
