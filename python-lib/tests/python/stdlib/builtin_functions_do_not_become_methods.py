import _thread, builtins, inspect, os, posix, socket, time, types
class C: lock, ident, open, fspath, uid, ns, sleep = _thread.allocate_lock, _thread.get_ident, open, os.fspath, os.getuid, socket.htons, time.sleep
print(C().lock().locked(), C().ident() == _thread.get_ident(), C().fspath('a'), C().uid(), C().ns(1))
try: C().open('x')
except OSError as error: print(error.filename)
print({type(function) for function in (open, os.stat, _thread.start_new_thread)} == {types.BuiltinFunctionType})
print(open.__name__, open.__module__, os.stat.__module__, open, list(inspect.signature(open).parameters)[:2])
