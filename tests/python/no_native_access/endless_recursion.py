def f():
    return f()
try:
    f()
except RecursionError:
    print('survived')
