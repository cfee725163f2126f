# For tests/tests/no_native_access.rs: nothing shows the bytes of a process's token, and none can be made of bytes.
import copy
import gc
import json
import marshal
import pickle
import struct
import sys

import _cloison
import cloison

process, reference = cloison.self(), cloison.make_reference()
print(process.number, copy.copy(process) is process, copy.deepcopy([reference])[0] is reference)
for thing in process, reference:
    for attempt in (
        lambda: _cloison.encode(thing),
        lambda: _cloison.decode(b"\x01\x16" + bytes(24)),
        lambda: pickle.dumps(thing),
        lambda: marshal.dumps(thing),
        lambda: json.dumps(thing),
        lambda: bytes(thing),
        lambda: memoryview(thing),
        lambda: struct.pack("P", thing),
        lambda: vars(thing),
        lambda: thing.token,
        lambda: type(thing)(),
        lambda: type(thing)(1, bytes(16)),
        lambda: object.__new__(type(thing)),
        lambda: thing.__reduce__(),
        lambda: thing.__getstate__() and 1,
        lambda: setattr(thing, "number", 1),
        lambda: setattr(type(thing), "number", 1),
    ):
        try:
            result = attempt()
        except Exception:
            continue
        if result is not None:
            print("REACHED", attempt.__code__.co_names, result)
# Every native function that a program reaches: none of them makes a process of bytes, or bytes of a process.
functions = [value for value in vars(_cloison).values() if type(value) is type(len)]
print(len(functions) > 20, [function.__name__ for function in functions if "code" in function.__name__])
print([type(other).__name__ for other in gc.get_referents(process)], sys.getsizeof(process) > 0)
