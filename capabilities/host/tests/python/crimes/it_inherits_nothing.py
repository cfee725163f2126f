import os
open_ones = []
for number in range(256):
    try:
        os.fstat(number)
        open_ones.append(number)
    except OSError:
        pass
print(open_ones, dict(os.environ), os.getuid(), os.getppid())
