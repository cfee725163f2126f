def f(n): return f(n + 1)
try:
    f(0)
except RecursionError:
    print('caught')
import sys
sys.setrecursionlimit(10**6)
try:
    f(0)
except (RecursionError, MemoryError):
    print('again')
