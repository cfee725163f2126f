import io, _io, functools
class A(io.FileIO): pass
print(io.FileIO is _io.FileIO, issubclass(io.FileIO, io.RawIOBase), isinstance(io.BytesIO(), io.FileIO))
for kind in (A, io.FileIO):
    try: kind('x')
    except PermissionError as error: print(error.filename)
@functools.singledispatch
def wrap(file): pass
wrap.register(io.FileIO)(len)
