class A:
    def __getattr__(self, name):
        return getattr(self, name + 'x')
try:
    A().x
except RecursionError:
    print('survived')
