class Cached(property):
    def __get__(self, o, t=None): return self if o is None else ['mine', super().__get__(o, t)]
class Named(Cached):
    def __init__(self, f, name): super().__init__(f, doc='said'); self.label = name
class Plain(property): pass
def theirs(self):
    'theirs'
    return 1
class A:
    x = Cached(theirs)
    y = Named(theirs, 'y')
    z = Plain(theirs)
    w = property(theirs)
    v = x.setter(print)
print({str((A().x, A().y, A().z, A().w, A().v)) for _ in range(100)})
print(A.x.fget is A.y.fget is A.z.fget is A.w.fget is A.v.fget is theirs, A.x.__doc__, A.y.__doc__, A.x.__name__, A.y.label)
print(property.fget.__get__(A.x) is theirs, Cached().fget)
try: Cached(1, 2, 3, 4, 5)
except TypeError as error: print('TypeError')
