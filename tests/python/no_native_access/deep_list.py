x = []
for _ in range(200000):
    x = [x]
try:
    repr(x)
except RecursionError:
    print('survived')
