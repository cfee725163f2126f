# For python-lib/tests/stdlib.rs: exceptions whose text has themselves in it.
import traceback

e = SyntaxError("x")
e.msg = e
o = OSError(1, "x")
o.strerror = o
n = FileNotFoundError(2, "x", "f")
n.errno = n
decode = UnicodeDecodeError("ascii", b"b", 0, 1, "x")
decode.reason = decode
encode = UnicodeEncodeError("ascii", "b", 0, 1, "x")
encode.encoding = encode
translate = UnicodeTranslateError("b", 0, 1, "x")
translate.reason = translate


class Own(KeyError):
    __str__ = Exception.__str__


a = Own()
a.args = (a,)
v = ValueError()
v.args = (v,)
noted = ValueError("noted")
noted.__notes__ = [v]
placed = SyntaxError("placed")
placed.lineno = v
named = SyntaxError("named")
named.filename = v
ring = [ValueError(), SyntaxError()]
ring[0].args, ring[1].msg = (ring[1],), ring[0]
for one in [e, o, n, decode, encode, translate, a, v, noted, placed, named, ring[0], ExceptionGroup("group", [v, e])]:
    try:
        str(one)
    except RecursionError:
        pass
    print(type(one).__name__, bool(traceback.format_exception(one)))


class Dropped:
    def __del__(self):
        raise e


Dropped()
print(str(ValueError("x")), str(KeyError("x")), str(OSError(1, "x", "f")), str(SyntaxError("x")), str(ExceptionGroup("g", [v])))
print(ValueError.__str__ is BaseException.__str__, KeyError.__str__ is BaseException.__str__, BaseException.__str__.__name__)
