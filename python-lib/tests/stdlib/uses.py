# One real use of each public module of the standard library that can be imported: `#: NAME` begins the use of NAME.
# Each runs in a microprocess of its own (tests/stdlib.rs), so that an end of the process names its module. A module that can be
# imported and is not here fails the test, as does one that is here and cannot be imported. `#: NAME not importable: WHY`
# begins nothing: it lists what cannot be imported.

#: __future__
import __future__
assert __future__.annotations.compiler_flag and __future__.all_feature_names
#: abc
import abc
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
try: Shape()
except TypeError as error: assert "area" in str(error)
else: raise AssertionError
#: annotationlib
import annotationlib
def f(x: int) -> str: ...
assert annotationlib.get_annotations(f) == {"x": int, "return": str}
#: argparse
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int, default=1)
parser.add_argument("rest", nargs="*")
assert vars(parser.parse_args(["--n", "3", "a"])) == {"n": 3, "rest": ["a"]}
#: array
import array
a = array.array("i", [1, 2, 3]); a.append(4)
assert a.tobytes() == b"".join(i.to_bytes(4, "little") for i in (1, 2, 3, 4)) and sum(a) == 10
#: ast
import ast
assert ast.literal_eval("[1, {'a': (2,)}]") == [1, {"a": (2,)}]
assert ast.unparse(ast.parse("x=1+2")) == "x = 1 + 2"
#: asyncio
import asyncio
async def double(x):
    await asyncio.sleep(0)
    return 2 * x
async def main():
    return await asyncio.gather(double(1), double(2))
assert asyncio.run(main()) == [2, 4]
#: asyncio.base_events
import asyncio, asyncio.base_events
loop = asyncio.new_event_loop()
assert isinstance(loop, asyncio.base_events.BaseEventLoop)
assert loop.run_until_complete(asyncio.sleep(0, 5)) == 5
loop.close()
#: asyncio.base_futures
import asyncio.base_futures as b
assert not b.isfuture(1)
#: asyncio.base_subprocess
import asyncio.base_subprocess as b
assert b.WriteSubprocessPipeProto(None, 1).disconnected is False
#: asyncio.base_tasks
import asyncio.base_tasks as b
assert callable(b._task_repr_info)
#: asyncio.constants
import asyncio.constants as c
assert c.DEBUG_STACK_DEPTH > 0
#: asyncio.coroutines
import asyncio.coroutines as c
async def f(): ...
assert c.iscoroutinefunction(f)
coroutine = f(); assert c.iscoroutine(coroutine); coroutine.close()
#: asyncio.events
import asyncio, asyncio.events as e
async def main(): return e.get_running_loop()
assert asyncio.run(main()).is_closed()
#: asyncio.exceptions
import asyncio, asyncio.exceptions as e
assert issubclass(e.IncompleteReadError, EOFError) and e.CancelledError is asyncio.CancelledError
#: asyncio.format_helpers
import asyncio.format_helpers as f
def g(): ...
assert "g" in f._format_callback_source(g, ())
#: asyncio.futures
import asyncio
async def main():
    future = asyncio.futures.Future()
    asyncio.get_running_loop().call_soon(future.set_result, 3)
    return await future
assert asyncio.run(main()) == 3
#: asyncio.graph
import asyncio, asyncio.graph
async def main(): return asyncio.graph.capture_call_graph()
assert asyncio.run(main()) is not None
#: asyncio.locks
import asyncio
async def main():
    lock = asyncio.locks.Lock()
    async with lock: return lock.locked()
assert asyncio.run(main())
#: asyncio.log
import asyncio.log
assert asyncio.log.logger.name == "asyncio"
#: asyncio.mixins
import asyncio.mixins
assert asyncio.mixins._LoopBoundMixin()._loop is None
#: asyncio.proactor_events
import asyncio.proactor_events as p
assert p.BaseProactorEventLoop
#: asyncio.protocols
import asyncio.protocols
assert asyncio.protocols.Protocol().data_received(b"") is None
#: asyncio.queues
import asyncio
async def main():
    q = asyncio.queues.PriorityQueue()
    for i in (3, 1, 2): q.put_nowait(i)
    return [await q.get() for _ in range(3)]
assert asyncio.run(main()) == [1, 2, 3]
#: asyncio.runners
import asyncio
with asyncio.runners.Runner() as runner: assert runner.run(asyncio.sleep(0, 7)) == 7
#: asyncio.selector_events
import asyncio.selector_events as s
assert s.BaseSelectorEventLoop.__name__ == "BaseSelectorEventLoop"
#: asyncio.sslproto
import asyncio.sslproto as s
assert s.SSLProtocolState.UNWRAPPED.name == "UNWRAPPED"
#: asyncio.staggered
import asyncio, asyncio.staggered
async def fail(): raise ValueError
async def win(): return 1
async def main(): return await asyncio.staggered.staggered_race([fail, win], None)
assert asyncio.run(main())[:2] == (1, 1)
#: asyncio.streams
import asyncio
async def main():
    reader = asyncio.streams.StreamReader()
    reader.feed_data(b"line\nrest"); reader.feed_eof()
    return await reader.readline(), await reader.read()
assert asyncio.run(main()) == (b"line\n", b"rest")
#: asyncio.subprocess
import asyncio, asyncio.subprocess
async def main():
    try: await asyncio.create_subprocess_exec("true")
    except (OSError, NotImplementedError): return "refused"
assert asyncio.run(main()) == "refused"
#: asyncio.taskgroups
import asyncio
async def main():
    async with asyncio.taskgroups.TaskGroup() as group: task = group.create_task(asyncio.sleep(0, 4))
    return task.result()
assert asyncio.run(main()) == 4
#: asyncio.tasks
import asyncio
async def main():
    task = asyncio.tasks.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    task.cancel()
    try: await task
    except asyncio.CancelledError: return task.cancelled()
assert asyncio.run(main())
#: asyncio.threads
import asyncio
async def main(): return await asyncio.threads.to_thread(pow, 2, 3)
assert asyncio.run(main()) == 8
#: asyncio.timeouts
import asyncio
async def main():
    try:
        async with asyncio.timeouts.timeout(0): await asyncio.sleep(60)
    except TimeoutError: return "late"
assert asyncio.run(main()) == "late"
#: asyncio.transports
import asyncio.transports
assert asyncio.transports.BaseTransport({"a": 1}).get_extra_info("a") == 1
#: asyncio.trsock
import asyncio.trsock
assert asyncio.trsock.TransportSocket.__slots__ == ("_sock",)
#: asyncio.unix_events
import asyncio.unix_events as u
assert u.EventLoop().close() is None
#: atexit
import atexit
called = []
atexit.register(called.append, 1); atexit._run_exitfuncs()
assert called == [1]
#: base64
import base64
assert base64.b64decode(base64.b64encode(b"\0\xff")) == b"\0\xff" and base64.b85encode(b"hello") == b"Xk~0{Zv"
#: bdb
import bdb
class Lines(bdb.Bdb):
    seen = 0
    def user_line(self, frame): Lines.seen += 1
Lines().run("x = 1\ny = 2\n")
assert Lines.seen >= 2
#: binascii
import binascii
assert binascii.crc32(b"hello") == 907060870 and binascii.unhexlify("ff00") == b"\xff\0"
#: bisect
import bisect
a = [1, 3]; bisect.insort(a, 2)
assert a == [1, 2, 3] and bisect.bisect_left(a, 3) == 2
#: builtins
import builtins
assert builtins.sorted([2, 1]) == [1, 2] and builtins.pow(3, -1, 7) == 5
#: bz2
import bz2
assert bz2.decompress(bz2.compress(b"x" * 1000)) == b"x" * 1000
#: cProfile
import cProfile, pstats, io
def f(n): return n and f(n - 1)
def g(): return [f(2), f(3), sorted([2, 1])]
with cProfile.Profile() as profile: g()
out = io.StringIO(); stats = pstats.Stats(profile, stream=out); stats.print_stats()
(direct, calls, own, whole, callers), = [value for key, value in stats.stats.items() if key[2] == "f"]
assert (direct, calls) == (2, 7) and 0 <= own and whole > 0 and {key[2] for key in callers} == {"f", "g"}, (direct, calls, callers)
assert "built-in method builtins.sorted" in out.getvalue() and cProfile.Profile().runcall(f, 1) == 0
#: calendar
import calendar
assert calendar.isleap(2024) and calendar.monthrange(2024, 2) == (3, 29)
#: cmath
import cmath
assert abs(cmath.exp(1j * cmath.pi) + 1) < 1e-15
#: cmd
import cmd, io
class Shell(cmd.Cmd):
    def do_end(self, line): return True
out = io.StringIO()
Shell(stdin=io.StringIO("help\nend\n"), stdout=out).onecmd("help")
assert "end" in out.getvalue()
#: code
import code, io, contextlib
out = io.StringIO()
with contextlib.redirect_stdout(out): code.InteractiveInterpreter().runsource("print(1 + 1)")
assert out.getvalue() == "2\n"
#: codecs
import codecs
assert codecs.decode("uryyb", "rot13") == "hello" and codecs.lookup("latin-1").name == "iso8859-1"
assert list(codecs.iterdecode([b"\xc3", b"\xa9"], "utf-8")) == ["\xe9"]
#: codeop
import codeop
assert codeop.compile_command("if x:") is None and codeop.compile_command("x") is not None
#: collections
import collections
assert collections.Counter("abca").most_common(1) == [("a", 2)]
P = collections.namedtuple("P", "x y"); assert P(1, 2)._replace(y=3) == (1, 3)
d = collections.deque([1, 2], maxlen=2); d.append(3); assert list(d) == [2, 3]
#: collections.abc
import collections.abc
assert isinstance([], collections.abc.MutableSequence) and not isinstance(1, collections.abc.Iterable)
#: colorsys
import colorsys
assert colorsys.rgb_to_hsv(1, 0, 0) == (0, 1, 1)
#: compileall
import compileall
try: compileall.compile_file("/x.py", quiet=2)
except OSError: pass
#: compression
import compression
assert compression.__name__ == "compression"
#: compression.bz2
import compression.bz2 as m
assert m.decompress(m.compress(b"x")) == b"x"
#: compression.gzip
import compression.gzip as m
assert m.decompress(m.compress(b"x")) == b"x"
#: compression.lzma
import compression.lzma as m
assert m.decompress(m.compress(b"x")) == b"x"
#: compression.zlib
import compression.zlib as m
assert m.decompress(m.compress(b"x")) == b"x"
#: compression.zstd
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import compression.zstd as z, io, tarfile
assert z.CompressionParameter.compression_level == 100 and z.Strategy.fast == 1
text = b"".join(b"line %d\n" % (number * number) for number in range(300_000))
for data in (b"", b"x", bytes(3_000_000), text):
    packed = z.compress(data)
    assert z.decompress(packed + z.compress(b"y")) == data + b"y" and z.get_frame_info(packed).decompressed_size == len(data)
    assert z.get_frame_size(packed + b"more") == len(packed) <= len(data) // 2 + 20
# libzstd's own, with its checksum.
assert z.decompress(bytes.fromhex("28b52ffd240a510000") + b"hello hell" + bytes.fromhex("27b3c876")) == b"hello hell"
refuses(z.ZstdError, "checksum", lambda: z.decompress(bytes.fromhex("28b52ffd240a510000") + b"hello hexl" + bytes.fromhex("27b3c876")))
unpacker, packed = z.ZstdDecompressor(), z.compress(text, options={z.CompressionParameter.checksum_flag: 1})
pieces = [unpacker.decompress(packed[at : at + 999], 5000) for at in range(0, len(packed), 999)]
while not unpacker.eof: pieces.append(unpacker.decompress(b"", 5000))
assert b"".join(pieces) == text and max(map(len, pieces)) == 5000
for wrong in (b"x", packed[:-1], packed[:50_000] + b"\xff" * 1000, b"\x28\xb5\x2f\xfd\xff" * 9):
    refuses(z.ZstdError, "", lambda: z.decompress(wrong))
with tarfile.open(fileobj=(file := io.BytesIO()), mode="w:zst") as tar:
    tar.addfile(tarfile.TarInfo("name"))
assert tarfile.open(fileobj=io.BytesIO(file.getvalue())).getnames() == ["name"]
known = z.train_dict([b"name=%d; kind=common" % number for number in range(200)], 1000)
packed = z.compress(b"name=5", zstd_dict=known)
for length in range(8, len(known), 3):
    try: z.ZstdDecompressor(z.ZstdDict(known.dict_content[:length]))
    except z.ZstdError: pass
assert z.decompress(packed, known) == b"name=5" and z.get_frame_info(packed).dictionary_id == known.dict_id and len(known) <= 1000
refuses(z.ZstdError, "", lambda: z.decompress(packed))
#: concurrent
import concurrent
assert concurrent.__path__ is not None
#: concurrent.futures
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    assert list(pool.map(pow, (2, 3), (3, 2))) == [8, 9] and pool.submit(int, "x").exception() is not None
#: concurrent.futures.interpreter
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import concurrent.futures.interpreter as i
assert issubclass(i.BrokenInterpreterPool, RuntimeError)
import logging; logging.disable()
refuses(i.BrokenInterpreterPool, "", lambda: i.InterpreterPoolExecutor(1).submit(abs, -1).result())
#: concurrent.futures.process
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import concurrent.futures.process as p
assert issubclass(p.BrokenProcessPool, RuntimeError)
refuses(PermissionError, "starts no programs", lambda: p.ProcessPoolExecutor(1).submit(abs, -1))
#: concurrent.futures.thread
import concurrent.futures.thread as t, threading
assert t.ThreadPoolExecutor(1, "pool").submit(threading.current_thread).result().name == "pool_0"
assert issubclass(t.BrokenThreadPool, Exception)
#: concurrent.interpreters
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import concurrent.interpreters as i
assert i.get_current() == i.get_main() and i.is_shareable("a") and not i.is_shareable([])
refuses(PermissionError, "one interpreter: .*cloison.toml", i.create)
#: configparser
import configparser
c = configparser.ConfigParser(); c.read_string("[a]\nx = 1\ny = %(x)s2\n")
assert c["a"].getint("y") == 12
#: contextlib
import contextlib
@contextlib.contextmanager
def manager():
    yield 1
with manager() as one, contextlib.suppress(ZeroDivisionError): assert one == 1; 1 / 0
#: contextvars
import contextvars
v = contextvars.ContextVar("v", default=0); context = contextvars.copy_context()
context.run(v.set, 5)
assert context[v] == 5 and v.get() == 0
#: copy
import copy
a = [[1]]; b = copy.deepcopy(a); b[0].append(2)
assert a == [[1]] and copy.copy(a)[0] is a[0]
#: copyreg
import copyreg, copy
class A: ...
copyreg.pickle(A, lambda a: (A, ()))
assert isinstance(copy.copy(A()), A)
#: csv
import csv, io
assert list(csv.DictReader(io.StringIO('a,b\n1,"x,y"\n'))) == [{"a": "1", "b": "x,y"}]
#: ctypes
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import ctypes
class Point(ctypes.Structure): _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double), ("n", ctypes.c_char * 3)]
class Both(ctypes.Union): _fields_ = [("a", ctypes.c_short), ("p", ctypes.POINTER(Point))]
assert ctypes.sizeof(Point) == 24 and Point.y.offset == 8 and ctypes.sizeof(Both) == 8 and ctypes.sizeof(ctypes.c_int * 5) == 20
assert ctypes.POINTER(Point) is ctypes.POINTER(Point) and ctypes.POINTER(Point)._type_ is Point and ctypes.c_int * 3 is ctypes.c_int * 3
assert issubclass(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p), ctypes._CFuncPtr)
class Big(ctypes.BigEndianStructure): _fields_ = [("a", ctypes.c_uint16)]
class Bits(ctypes.Structure): _fields_ = [("a", ctypes.c_int, 3), ("b", ctypes.c_int, 5)]
assert ctypes.sizeof(Bits) == 4 and ctypes.sizeof(Big) == 2
for call in (lambda: ctypes.CDLL("libc.so.6"), ctypes.c_int, Point, lambda: (ctypes.c_int * 3)(), lambda: ctypes.string_at(1), lambda: ctypes.create_string_buffer(5), lambda: ctypes.memset(1, 2, 3)):
    refuses(PermissionError, "native code runs in a zone: .*cloison.toml", call)
for call in (lambda: ctypes.CDLL(None).getpid, lambda: ctypes.pythonapi.Py_Initialize):
    refuses(AttributeError, "native code runs in a zone: .*cloison.toml", call)
#: ctypes.macholib
import ctypes.macholib
assert ctypes.macholib.__version__
#: ctypes.macholib.dyld
import ctypes.macholib.dyld as d
assert d.framework_info('/A/B.framework/Versions/1/B')['shortname'] == 'B'
#: ctypes.macholib.dylib
import ctypes.macholib.dylib as d
assert d.dylib_info('/a/libb.dylib')['shortname'] == 'libb'
#: ctypes.macholib.framework
import ctypes.macholib.framework as f
assert f.framework_info('x') is None
#: ctypes.util
import ctypes.util
assert ctypes.util.find_library('c') is None
#: ctypes.wintypes
import ctypes, ctypes.wintypes as w
assert ctypes.sizeof(w.DWORD) == 8 and ctypes.sizeof(w.RECT) == 32
#: curses
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import curses
assert curses.KEY_UP == 259 and issubclass(curses.error, Exception)
for call in (curses.initscr, lambda: curses.wrapper(print)): refuses(PermissionError, 'no control over a terminal.*cloison.toml', call)
try: curses.initscr()
except curses.error: pass
#: curses.ascii
import curses.ascii as a
assert a.unctrl('\x01') == '^A' and a.isalpha('x') and not a.isdigit(65) and a.ctrl('a') == '\x01' and a.ESC == 27
#: curses.has_key
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import curses.has_key as h
refuses(PermissionError, 'terminal', lambda: h.has_key(1))
#: curses.panel
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import curses.panel as p
refuses(PermissionError, 'terminal', lambda: p.new_panel(1))
#: curses.textpad
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import curses.textpad as t
refuses(PermissionError, 'terminal', lambda: t.Textbox(1))
#: dataclasses
import dataclasses
@dataclasses.dataclass(order=True, frozen=True)
class P:
    x: int
    y: list = dataclasses.field(default_factory=list, compare=False)
assert P(1) < P(2) and dataclasses.asdict(P(1)) == {"x": 1, "y": []}
#: datetime
import datetime
d = datetime.datetime(2024, 2, 28, tzinfo=datetime.UTC) + datetime.timedelta(days=1)
assert d.isoformat() == "2024-02-29T00:00:00+00:00" and d.strftime("%a") == "Thu"
assert datetime.datetime.fromisoformat("2024-02-29T00:00:00Z") == d
assert datetime.datetime.strptime("29 Feb 2024", "%d %b %Y").day == 29
#: dbm
import dbm
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert OSError in dbm.error
refuses(PermissionError, 'no files but .*cloison.toml', lambda: dbm.open("x", "c"))
#: dbm.dumb
import dbm.dumb
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no files but .*cloison.toml', lambda: dbm.dumb.open("x", "c"))
#: dbm.gnu
import dbm.gnu
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert issubclass(dbm.gnu.error, OSError)
refuses(PermissionError, 'native code runs in a zone', lambda: dbm.gnu.open("x", "c"))
#: dbm.ndbm
import dbm.ndbm
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert issubclass(dbm.ndbm.error, OSError)
refuses(PermissionError, 'native code runs in a zone', lambda: dbm.ndbm.open("x", "c"))
#: dbm.sqlite3
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import dbm.sqlite3
refuses(OSError, '', lambda: dbm.sqlite3.open('x', 'c'))
#: decimal
import decimal
assert decimal.Decimal("0.1") + decimal.Decimal("0.2") == decimal.Decimal("0.3")
with decimal.localcontext() as c: c.prec = 5; assert str(decimal.Decimal(2).sqrt()) == "1.4142"
#: difflib
import difflib
assert difflib.get_close_matches("appel", ["ape", "apple"])[0] == "apple"
assert "+b" in list(difflib.unified_diff(["a"], ["b"], lineterm=""))
#: dis
import dis, io
out = io.StringIO(); dis.dis(lambda x: x + 1, file=out)
assert out.getvalue()
#: doctest
import doctest, types
m = types.ModuleType("m"); m.__doc__ = ">>> 1 + 1\n2\n"
assert doctest.testmod(m).failed == 0
#: dummy_threading
import dummy_threading
lock = dummy_threading.Lock()
with lock: assert lock.locked()
#: email
import email
m = email.message_from_string("Subject: =?utf-8?q?caf=C3=A9?=\n\nbody")
assert m.get_payload() == "body"
#: email.base64mime
import email.base64mime as m
assert m.body_encode(b"x").strip() == "eA=="
#: email.charset
import email.charset
assert email.charset.Charset("utf-8").get_body_encoding() == "base64"
#: email.contentmanager
import email.contentmanager, email.message
m = email.message.EmailMessage(); email.contentmanager.raw_data_manager.set_content(m, "text")
assert m.get_content() == "text\n"
#: email.encoders
import email.encoders, email.message
m = email.message.Message(); m.set_payload(b"\0"); email.encoders.encode_base64(m)
assert m["Content-Transfer-Encoding"] == "base64"
#: email.errors
import email.errors
assert issubclass(email.errors.MessageDefect, ValueError)
#: email.feedparser
import email.feedparser
p = email.feedparser.BytesFeedParser(); p.feed(b"A: 1\n"); p.feed(b"\nx")
assert p.close()["A"] == "1"
#: email.generator
import email, email.generator, io
out = io.StringIO(); email.generator.Generator(out).flatten(email.message_from_string("A: 1\n\nx"))
assert out.getvalue() == "A: 1\n\nx"
#: email.header
import email.header
assert str(email.header.make_header(email.header.decode_header("=?utf-8?b?w6k=?="))) == "\xe9"
#: email.headerregistry
import email.headerregistry as h
assert h.Address("N", "a", "b.c").addr_spec == "a@b.c"
#: email.iterators
import email, email.iterators
assert list(email.iterators.body_line_iterator(email.message_from_string("A: 1\n\nx\ny"))) == ["x\n", "y"]
#: email.message
import email.message
m = email.message.EmailMessage(); m["To"] = "a@b"; m.set_content("x"); m.add_attachment(b"\0", maintype="a", subtype="b")
assert m.is_multipart() and b"boundary" in bytes(m)
#: email.mime
import email.mime
assert email.mime.__path__ is not None
#: email.mime.application
from email.mime.application import MIMEApplication
assert MIMEApplication(b"x").get_content_type() == "application/octet-stream"
#: email.mime.audio
from email.mime.audio import MIMEAudio
assert MIMEAudio(b"x", "wav").get_content_type() == "audio/wav"
#: email.mime.base
from email.mime.base import MIMEBase
assert MIMEBase("a", "b").get_content_type() == "a/b"
#: email.mime.image
from email.mime.image import MIMEImage
assert MIMEImage(b"x", "png").get_content_type() == "image/png"
#: email.mime.message
import email.message
from email.mime.message import MIMEMessage
assert MIMEMessage(email.message.Message()).get_content_type() == "message/rfc822"
#: email.mime.multipart
from email.mime.multipart import MIMEMultipart
assert MIMEMultipart("mixed").get_content_type() == "multipart/mixed"
#: email.mime.nonmultipart
from email.mime.nonmultipart import MIMENonMultipart
assert MIMENonMultipart("a", "b").get_content_maintype() == "a"
#: email.mime.text
from email.mime.text import MIMEText
assert "aGnDqQ==" in MIMEText("hi\xe9").as_string()
#: email.parser
import email.parser
assert email.parser.Parser().parsestr("A: 1\n\n")["a"] == "1"
#: email.policy
import email, email.policy
assert email.message_from_string("To: a@b\n\n", policy=email.policy.default)["to"].addresses[0].domain == "b"
#: email.quoprimime
import email.quoprimime
assert email.quoprimime.body_decode("a=3D") == "a="
#: email.utils
import email.utils
assert email.utils.parseaddr("N <a@b>") == ("N", "a@b") and email.utils.parsedate_to_datetime("Thu, 01 Jan 1970 00:00:01 +0000").timestamp() == 1
#: encodings
import encodings
assert encodings.normalize_encoding("UTF 8") == "UTF_8"
for name in ("cp1252", "utf-16", "utf-7", "shift_jis", "gb18030", "big5", "euc-kr", "koi8-r", "punycode", "idna"): assert "a".encode(name).decode(name) == "a"
#: enum
import enum
class C(enum.Flag): R = 1; W = 2
assert C.R | C.W == C(3) and [c.name for c in C] == ["R", "W"]
#: errno
import errno
assert errno.errorcode[errno.ENOENT] == "ENOENT"
#: faulthandler
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import faulthandler, io
faulthandler.enable(); assert faulthandler.is_enabled() and faulthandler.disable()
out = io.StringIO(); faulthandler.dump_traceback(out); assert "most recent call first" in out.getvalue()
refuses(PermissionError, "signals are the broker's", lambda: faulthandler.register(10))
#: fcntl
import fcntl
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert fcntl.LOCK_EX == 2 and fcntl.F_SETFD == 2
refuses(PermissionError, 'have no locks', lambda: fcntl.flock(0, fcntl.LOCK_EX))
refuses(PermissionError, 'have no locks', lambda: fcntl.ioctl(0, 1))
refuses(PermissionError, 'have no locks', lambda: fcntl.fcntl(0, fcntl.F_GETFL))
#: filecmp
import filecmp
try: filecmp.cmp("a", "b")
except OSError: pass
else: raise AssertionError
#: fileinput
import fileinput, sys, io
sys.stdin = io.StringIO("a\nb\n")
assert [line for line in fileinput.input(files=("-",))] == ["a\n", "b\n"]
#: fnmatch
import fnmatch
assert fnmatch.filter(["a.py", "b.txt"], "*.py") == ["a.py"]
#: fractions
import fractions
assert fractions.Fraction(1, 3) + fractions.Fraction("1/6") == fractions.Fraction(1, 2)
#: ftplib
import ftplib
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: ftplib.FTP("example.com"))
#: functools
import functools
@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
assert fib(50) == 12586269025 and functools.reduce(lambda a, b: a * b, range(1, 6)) == 120
#: gc
import gc
class A: ...
a = A(); a.a = a; del a
assert gc.collect() >= 0 and gc.isenabled() in (True, False)
#: genericpath
import genericpath
assert genericpath.commonprefix(["abc", "abd"]) == "ab"
#: getopt
import getopt
assert getopt.getopt(["-a", "--b=1", "x"], "a", ["b="]) == ([("-a", ""), ("--b", "1")], ["x"])
#: getpass
import getpass, io, sys, warnings
warnings.simplefilter("ignore"); sys.stdin = io.StringIO("secret\n")
assert getpass.getpass(stream=io.StringIO()) == "secret"
#: gettext
import gettext
assert gettext.gettext("x") == "x" and gettext.ngettext("a", "b", 2) == "b"
#: glob
import glob
assert glob.glob("*") == [] and glob.escape("[") == "[[]"
#: graphlib
import graphlib
assert list(graphlib.TopologicalSorter({"b": {"a"}}).static_order()) == ["a", "b"]
#: grp
import grp
try: grp.getgrgid(1)
except KeyError: pass
else: raise AssertionError
assert grp.getgrall() == [grp.getgrgid(0)] == [grp.getgrnam('root')] == [('root', 'x', 0, [])]
#: gzip
import gzip, io
assert gzip.decompress(gzip.compress(b"x" * 99)) == b"x" * 99
assert gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"a\nb"))).readlines() == [b"a\n", b"b"]
#: hashlib
import hashlib
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442") and hashlib.blake2b(b"x", digest_size=8).digest_size == 8
assert {"md5", "sha1", "sha3_256", "shake_128"} <= hashlib.algorithms_guaranteed and hashlib.pbkdf2_hmac("sha256", b"p", b"s", 2)
#: heapq
import heapq
h = [3, 1, 2]; heapq.heapify(h)
assert heapq.heappop(h) == 1 and heapq.nlargest(2, [1, 5, 3]) == [5, 3]
#: hmac
import hmac
assert hmac.compare_digest(hmac.new(b"k", b"m", "sha256").digest(), hmac.digest(b"k", b"m", "sha256"))
#: html
import html
assert html.escape("<&>") == "&lt;&amp;&gt;" and html.unescape("&eacute;&#65;") == "\xe9A"
#: html.entities
import html.entities
assert html.entities.name2codepoint["lt"] == 60
#: html.parser
import html.parser
class P(html.parser.HTMLParser):
    tags = []
    def handle_starttag(self, tag, attributes): self.tags.append((tag, attributes))
P().feed("<a href='x'><br>")
assert P.tags == [("a", [("href", "x")]), ("br", [])]
#: http
import http
assert http.HTTPStatus(404).phrase == "Not Found" and http.HTTPMethod.GET == "GET"
#: http.client
import http.client
assert http.client.responses[200] == "OK"
try: http.client.HTTPConnection("localhost").request("GET", "/")
except PermissionError as error: assert "network" in str(error)
else: raise AssertionError
#: http.cookiejar
import http.cookiejar
assert len(http.cookiejar.CookieJar()) == 0 and http.cookiejar.http2time("Thu, 01 Jan 1970 00:00:01 GMT") == 1
#: http.cookies
import http.cookies
c = http.cookies.SimpleCookie("a=1; b=2"); c["a"]["path"] = "/"
assert c["b"].value == "2" and "Path=/" in c.output()
#: http.server
import http.server
try: http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler)
except PermissionError as error: assert "network" in str(error)
else: raise AssertionError
#: imaplib
import imaplib
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: imaplib.IMAP4("example.com"))
#: importlib
import importlib
assert importlib.import_module("json").loads("1") == 1
#: importlib.abc
import importlib.abc
assert issubclass(importlib.abc.Loader, object)
#: importlib.machinery
import importlib.machinery
assert importlib.machinery.ModuleSpec("x", None).name == "x"
#: importlib.metadata
import importlib.metadata
try: importlib.metadata.version("nowhere")
except importlib.metadata.PackageNotFoundError: pass
#: importlib.metadata.diagnose
import importlib.metadata.diagnose as d
assert callable(d.run)
#: importlib.readers
import importlib.readers
assert importlib.readers.NamespaceReader is not None
#: importlib.resources
import importlib.resources
assert callable(importlib.resources.files)
#: importlib.resources.abc
import importlib.resources.abc as a
assert a.Traversable is not None
#: importlib.resources.readers
import importlib.resources.readers as r
assert r.FileReader is not None
#: importlib.resources.simple
import importlib.resources.simple as s
assert s.SimpleReader is not None
#: importlib.simple
import importlib.simple as s
assert s.TraversableReader is not None
#: importlib.util
import importlib.util
assert importlib.util.find_spec("json").name == "json" and importlib.util.find_spec("nowhere") is None
class Loader:
    def create_module(self, spec): return None
    def exec_module(self, module): module.x = 1
    def get_filename(self, name): return "x.py"
    def is_package(self, name): return False
m = importlib.util.module_from_spec(importlib.util.spec_from_loader("x", Loader()))
m.__spec__.loader.exec_module(m); assert m.x == 1
#: inspect
import inspect, json
def f(a, /, b=1, *c, d, **e): return a
assert str(inspect.signature(f)) == "(a, /, b=1, *c, d, **e)"
assert inspect.getsource(f).startswith("def f(a,") and "def dumps(" in inspect.getsource(json.dumps)
#: io
import io
assert io.TextIOWrapper(io.BytesIO(b"a\r\nb")).readlines() == ["a\n", "b"]
b = io.BytesIO(); b.write(b"x"); assert b.getvalue() == b"x"
#: ipaddress
import ipaddress
assert ipaddress.ip_address("10.0.0.1") in ipaddress.ip_network("10.0.0.0/8") and ipaddress.ip_address("::1").is_loopback
#: itertools
import itertools
assert list(itertools.batched(range(5), 2)) == [(0, 1), (2, 3), (4,)] and len(list(itertools.permutations("abc"))) == 6
#: json
import json
assert json.loads(json.dumps({"a": [1, 2.5, None, True, "\xe9"]})) == {"a": [1, 2.5, None, True, "\xe9"]}
#: json.decoder
import json.decoder
assert json.decoder.JSONDecoder().raw_decode("1 x") == (1, 1)
#: json.encoder
import json.encoder
assert "".join(json.encoder.JSONEncoder(sort_keys=True).iterencode({"b": 1, "a": 2})) == '{"a": 2, "b": 1}'
#: json.scanner
import json.scanner
assert json.scanner.NUMBER_RE.match("1.5")
#: json.tool
import json.tool, sys, io
sys.argv = ["json.tool", "--compact"]; sys.stdin = io.StringIO('{"a" : 1}')
json.tool.main()
#: keyword
import keyword
assert keyword.iskeyword("for") and "match" in keyword.softkwlist
#: linecache
import linecache, json
assert linecache.getline("json", 1, json.__dict__).startswith("r\"\"\"JSON")
#: locale
import locale
assert locale.localeconv()["decimal_point"] == "." and locale.setlocale(locale.LC_ALL) == "C"
#: logging
import logging, io
out = io.StringIO(); logging.basicConfig(stream=out, format="%(levelname)s %(message)s")
logging.getLogger("x").warning("hi %d", 1)
assert out.getvalue() == "WARNING hi 1\n"
class Fails(logging.Handler):
    def emit(self, record):
        try: 1 / 0
        except ZeroDivisionError: self.handleError(record)
import sys
sys.stderr, kept = io.StringIO(), sys.stderr
logging.getLogger("y").addHandler(Fails()); logging.getLogger("y").warning("hi")
sys.stderr, told = kept, sys.stderr.getvalue()
assert "--- Logging error ---" in told and "Message: 'hi'" in told, told
# Packages have a folder, which `logging` looks at; but for those that are there before anything can be put right.
import concurrent.futures, json
packages = [module for module in sys.modules.values() if hasattr(module, "__path__")]
assert {package.__name__ for package in packages if len(package.__path__) != 1} <= {"cloison", "encodings", "importlib"}, packages
assert [path.rpartition("/lib/")[2].partition("/")[2] for path in json.__path__ + concurrent.futures.__path__] == ["json", "concurrent/futures"]
#: logging.config
import logging.config, logging
logging.config.dictConfig({"version": 1, "handlers": {"h": {"class": "logging.NullHandler"}}, "root": {"level": "INFO", "handlers": ["h"]}})
assert logging.getLogger().level == logging.INFO
#: logging.handlers
import logging, logging.handlers, queue
q = queue.SimpleQueue(); logger = logging.getLogger("q"); logger.addHandler(logging.handlers.QueueHandler(q))
logger.error("x"); assert q.get().getMessage() == "x"
#: lzma
import lzma
assert lzma.decompress(lzma.compress(b"x" * 1000)) == b"x" * 1000
#: mailbox
import mailbox
assert mailbox.Message("A: 1\n\nx")["A"] == "1"
#: marshal
import marshal
assert marshal.loads(marshal.dumps([1, "a", (2.5, None)])) == [1, "a", (2.5, None)]
#: math
import math
assert math.isclose(math.sqrt(2) ** 2, 2) and math.comb(5, 2) == 10 and math.gcd(12, 18) == 6
#: mimetypes
import mimetypes
assert mimetypes.guess_type("a.html") == ("text/html", None)
#: mmap
import mmap
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert mmap.PAGESIZE == 4096 and isinstance(mmap.mmap, type)
refuses(PermissionError, 'shares and maps no memory: .*cloison.toml', lambda: mmap.mmap(-1, 10))
#: modulefinder
import modulefinder
assert modulefinder.ModuleFinder(path=[]).modules == {}
#: multiprocessing
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing
assert multiprocessing.current_process().name == "MainProcess" and multiprocessing.cpu_count() > 0
for call in (multiprocessing.Lock, multiprocessing.Queue, multiprocessing.Pool, multiprocessing.Process(target=print).start):
    refuses(PermissionError, "starts no programs .*cloison.toml", call)
#: multiprocessing.connection
import multiprocessing, multiprocessing.connection
there, here = multiprocessing.connection.Pipe(False)
here.send([1, "x"])
assert there.recv() == [1, "x"]
there.close(), here.close()
#: multiprocessing.context
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.context
assert multiprocessing.get_context("spawn").get_start_method() == "spawn"
#: multiprocessing.dummy
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.dummy
ran = []; thread = multiprocessing.dummy.Process(target=ran.append, args=(1,)); thread.start(); thread.join(); assert ran == [1]
#: multiprocessing.dummy.connection
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.dummy.connection
a, b = multiprocessing.dummy.connection.Pipe(); a.send(1); assert b.recv() == 1
#: multiprocessing.forkserver
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.forkserver
assert multiprocessing.forkserver.get_inherited_fds() is None
#: multiprocessing.heap
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.heap
refuses(OSError, "", lambda: multiprocessing.heap.BufferWrapper(10))
#: multiprocessing.managers
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.managers
refuses(PermissionError, "", multiprocessing.managers.SyncManager().start)
#: multiprocessing.pool
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.pool
refuses(PermissionError, '', lambda: multiprocessing.pool.ThreadPool(1))
#: multiprocessing.popen_fork
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.popen_fork
assert multiprocessing.popen_fork.Popen.method == "fork"
#: multiprocessing.popen_forkserver
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.popen_forkserver
assert multiprocessing.popen_forkserver.Popen.method == "forkserver"
#: multiprocessing.popen_spawn_posix
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.popen_spawn_posix
assert multiprocessing.popen_spawn_posix.Popen.method == "spawn"
#: multiprocessing.process
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.process
assert multiprocessing.process.parent_process() is None
#: multiprocessing.queues
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.queues
refuses(PermissionError, "", multiprocessing.SimpleQueue)
#: multiprocessing.reduction
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.reduction
assert multiprocessing.reduction.ForkingPickler.dumps(1)
#: multiprocessing.resource_sharer
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.resource_sharer
assert multiprocessing.resource_sharer.stop
#: multiprocessing.resource_tracker
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.resource_tracker
refuses(PermissionError, "", multiprocessing.resource_tracker.ensure_running)
#: multiprocessing.shared_memory
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.shared_memory
refuses(PermissionError, "shares and maps no memory: .*cloison.toml", lambda: multiprocessing.shared_memory.SharedMemory("x", True, 10))
#: multiprocessing.sharedctypes
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.sharedctypes
refuses(OSError, "", lambda: multiprocessing.sharedctypes.RawValue("i", 1))
#: multiprocessing.spawn
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.spawn
assert multiprocessing.spawn.get_executable() is not None
#: multiprocessing.synchronize
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.synchronize
refuses(PermissionError, "", multiprocessing.Event)
#: multiprocessing.util
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import multiprocessing, multiprocessing.util
assert multiprocessing.util.get_logger().name == "multiprocessing"
#: netrc
import netrc
try: netrc.netrc("/x")
except OSError: pass
else: raise AssertionError
#: ntpath
import ntpath
assert ntpath.join("C:\\a", "b") == "C:\\a\\b" and ntpath.splitdrive("C:\\a") == ("C:", "\\a")
#: nturl2path
import warnings; warnings.simplefilter("ignore")
import nturl2path
assert nturl2path.url2pathname("///C:/a") == "C:\\a"
#: numbers
import numbers
assert isinstance(1, numbers.Integral) and not isinstance(1.5, numbers.Rational)
#: opcode
import opcode
assert "RETURN_VALUE" in opcode.opmap or opcode.opmap
#: operator
import operator
assert operator.itemgetter(1, 0)("ab") == ("b", "a") and operator.attrgetter("real")(3) == 3
#: optparse
import optparse
p = optparse.OptionParser(); p.add_option("-n", type="int")
assert p.parse_args(["-n", "3"])[0].n == 3
#: os
import os
assert os.path.join("a", "b") == "a/b" and os.getpid() > 0 and len(os.urandom(4)) == 4
os.environ["X"] = "1"; assert os.getenv("X") == "1" and os.path.expandvars("$X") == "1"
#: os.path
import os.path
assert os.path.splitext("a.tar.gz") == ("a.tar", ".gz") and not os.path.exists("/etc")
#: pathlib
import pathlib
assert pathlib.PurePosixPath("/a") / "b.txt" == pathlib.Path("/a/b.txt") and pathlib.Path("a.py").suffix == ".py"
#: pathlib.types
import pathlib.types
assert pathlib.types.PathInfo is not None
#: pdb
import pdb, io
out = io.StringIO()
pdb.Pdb(stdin=io.StringIO("p x\nx = 5\ncontinue\n"), stdout=out).run("x = 1\ny = x", space := {})
assert space["x"] in (1, 5) and "(Pdb)" in out.getvalue()
#: pickle
import pickle, datetime
for protocol in range(6): assert pickle.loads(pickle.dumps([1, {"a": datetime.date(2024, 1, 1)}], protocol)) == [1, {"a": datetime.date(2024, 1, 1)}]
#: pickletools
import pickletools, pickle, io
out = io.StringIO(); pickletools.dis(pickle.dumps([1]), out=out)
assert "STOP" in out.getvalue()
#: pkgutil
import pkgutil
assert pkgutil.resolve_name("json:loads")("1") == 1
#: platform
import platform
assert platform.system() == "Linux" and platform.machine() and platform.python_implementation() == "RustPython"
assert platform.platform() == f"Linux-{platform.machine()}" and platform.uname().node == "cloison"
#: plistlib
import plistlib, datetime
d = {"a": [1, 2.5, True, b"x", "<&>", datetime.datetime(2024, 1, 1)]}
assert plistlib.loads(plistlib.dumps(d)) == d and plistlib.loads(plistlib.dumps(d, fmt=plistlib.FMT_BINARY)) == d
try: plistlib.loads(b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY e "x">]><plist><string>&e;</string></plist>')
except plistlib.InvalidFileException: pass
else: raise AssertionError
#: poplib
import poplib
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: poplib.POP3("example.com"))
#: posix
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import os, posix
assert posix.getuid() == posix.geteuid() == 65534 and not posix.access("/", os.F_OK) and posix.getcwd() == "/" and posix.environ == {}
os.environ["A"] = "b"; assert os.environb[b"A"] == b"b" and os.path.expandvars(b"$A") == b"b"
status = posix.stat_result(range(10)); assert status.st_size == 6 and status.st_mtime == 8 and len(status) == 10
refuses(PermissionError, "no files", lambda: posix.stat("/"))
#: posixpath
import posixpath
assert posixpath.normpath("/a/../b//c") == "/b/c"
#: pprint
import pprint
assert pprint.pformat({"b": 1, "a": [2]}) == "{'a': [2], 'b': 1}"
#: profile
import profile, pstats, io
p = profile.Profile(); p.runcall(sorted, [2, 1])
out = io.StringIO(); pstats.Stats(p, stream=out).print_stats()
assert "function calls" in out.getvalue()
#: pstats
import pstats
assert pstats.SortKey.TIME == "time"
#: pty
import pty
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(OSError, 'out of pty devices', lambda: pty.fork())
refuses(OSError, 'out of pty devices', lambda: pty.openpty())
#: pwd
import pwd
for call in (lambda: pwd.getpwuid(1), lambda: pwd.getpwnam('nobody')):
    try: call()
    except KeyError: pass
    else: raise AssertionError
assert pwd.getpwall() == [pwd.getpwuid(0)] == [pwd.getpwnam('root')] and pwd.getpwuid(0).pw_name == 'root'
assert pwd.struct_passwd(('a', 'x', 1, 2, '', '/', '')).pw_uid == 1
#: py_compile
import py_compile
try: py_compile.compile("/x.py", doraise=True)
except OSError: pass
else: raise AssertionError
#: pyclbr
import pyclbr
assert pyclbr.readmodule("json.decoder")["JSONDecoder"].lineno > 100
#: pydoc
import pydoc, io, contextlib
assert "sorted" in pydoc.render_doc(sorted)
out = io.StringIO()
with contextlib.redirect_stdout(out): help(len)
assert "len(" in out.getvalue()
#: pydoc_data
import pydoc_data
assert pydoc_data.__path__ is not None
#: pydoc_data.module_docs
import pydoc_data.module_docs as m
assert m.module_docs
#: pydoc_data.topics
import pydoc_data.topics
assert "lambda" in pydoc_data.topics.topics
#: pyexpat
import pyexpat
p = pyexpat.ParserCreate(); seen = []
p.StartElementHandler = lambda name, attributes: seen.append((name, attributes))
p.Parse("<a b='1'>"); p.Parse("<c/></a>", True)
assert seen == [("a", {"b": "1"}), ("c", {})]
try: pyexpat.ParserCreate().Parse("<a><b></a>", True)
except pyexpat.ExpatError as error: assert (error.code, error.lineno, error.offset) == (7, 1, 8)
else: raise AssertionError
#: queue
import queue
q = queue.Queue(); q.put(1); assert q.get() == 1
try: q.get(timeout=0.01)
except queue.Empty: pass
#: quopri
import quopri
assert quopri.decodestring(b"a=3D") == b"a="
#: random
import random
r = random.Random(1); assert r.random() == 0.13436424411240122 and sorted(r.sample(range(5), 5)) == list(range(5))
#: re
import re
assert re.sub(r"(?P<a>\w)(\d+)", r"\2\g<a>", "x12 y3") == "12x 3y" and re.findall(r"(?<=a)b|c$", "abc") == ["b", "c"]
#: readline
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import readline
readline.parse_and_bind("tab: complete"); readline.set_completer(len); assert readline.get_completer() is len
readline.add_history("a"); assert readline.get_history_item(1) == "a" and readline.get_current_history_length() == 1
refuses(PermissionError, "no files", lambda: readline.write_history_file("x"))
#: reprlib
import reprlib
assert reprlib.repr(list(range(100))) == "[0, 1, 2, 3, 4, 5, ...]"
#: resource
import resource
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert resource.RLIM_INFINITY == -1
assert resource.getrlimit(resource.RLIMIT_CPU) == (-1, -1) and resource.getrlimit(resource.RLIMIT_STACK) == (16 << 20, 16 << 20) and resource.getrusage(resource.RUSAGE_SELF).ru_utime > 0
refuses(PermissionError, 'users and limits.*cloison.toml', lambda: resource.setrlimit(0, (1, 1)))
#: rlcompleter
import rlcompleter
assert rlcompleter.Completer({"abc": 1}).complete("ab", 0) == "abc"
#: runpy
import runpy
try: runpy.run_path("/x.py")
except OSError: pass
else: raise AssertionError
#: sched
import sched, time
s = sched.scheduler(time.monotonic, time.sleep); seen = []
s.enter(0.01, 1, seen.append, (1,)); s.run(); assert seen == [1]
#: secrets
import secrets
assert len(secrets.token_bytes(8)) == 8 and secrets.randbelow(3) < 3 and len(secrets.token_urlsafe(9)) == 12
#: select
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import select, time
began = time.monotonic(); assert select.select([], [], [], 0.01) == ([], [], []) and select.poll().poll(10) == []
assert time.monotonic() - began >= 0.02
poll = select.poll(); poll.register(0, select.POLLIN)
for call in (lambda: select.epoll().register(0), lambda: poll.poll(0), lambda: select.select([0], [], [], 0)):
    refuses(PermissionError, "no network", call)
#: selectors
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import selectors
with selectors.DefaultSelector() as selector:
    refuses(PermissionError, "no network", lambda: selector.register(0, selectors.EVENT_READ, "data"))
    assert not selector.get_map() and selector.select(0.01) == []
with selectors.SelectSelector() as selector:
    key = selector.register(0, selectors.EVENT_READ, "data")
    assert selector.get_key(0) is key and key.data == "data"
    refuses(PermissionError, "no network", lambda: selector.select(0))
    selector.unregister(0); assert selector.select(0.01) == []
#: shelve
import shelve
s = shelve.Shelf({}); s["a"] = [1]; assert s["a"] == [1]
#: shlex
import shlex
assert shlex.split("a 'b c' d\\ e") == ["a", "b c", "d e"] and shlex.quote("a b") == "'a b'"
#: shutil
import shutil, io
out = io.BytesIO(); shutil.copyfileobj(io.BytesIO(b"x"), out)
assert out.getvalue() == b"x" and shutil.get_terminal_size((80, 24)).columns > 0
#: signal
import signal
assert signal.SIGINT == 2 and signal.strsignal(9) == "Killed" and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
assert signal.set_wakeup_fd(-1) == -1 and signal.SIGTERM in signal.valid_signals() and signal.SIGRTMIN == 34
#: site
import site
assert site.ENABLE_USER_SITE in (None, True, False)
#: smtplib
import smtplib
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: smtplib.SMTP("example.com"))
#: socket
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import socket, enum
assert socket.timeout is TimeoutError and issubclass(socket.gaierror, OSError) and socket.error is OSError
assert socket.AF_INET == 2 and isinstance(socket.AF_INET, enum.IntEnum) and socket.SOL_SOCKET == 1 and socket.SO_REUSEADDR == 2
assert socket.htons(0x1234) == 0x3412 and socket.inet_aton("127.1") == b"\x7f\0\0\1" == socket.inet_pton(socket.AF_INET, "127.0.0.1")
assert socket.inet_ntop(socket.AF_INET6, bytes(15) + b"\1") == "::1" and socket.inet_ntoa(b"\1\2\3\4") == "1.2.3.4"
assert socket.gethostname() == socket.getfqdn() == "cloison" and socket.getdefaulttimeout() is None
class Mine(socket.socket): pass
for call in (socket.socket, Mine, socket.socketpair, lambda: socket.create_connection(("example.com", 80)), lambda: socket.getaddrinfo("x", 1)):
    refuses(PermissionError, "no network: .*cloison.toml", call)
#: socketserver
import socketserver
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: socketserver.TCPServer(("", 0), socketserver.StreamRequestHandler))
#: sqlite3
import sqlite3
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import datetime
assert issubclass(sqlite3.IntegrityError, sqlite3.DatabaseError) and sqlite3.PARSE_DECLTYPES == 1 and sqlite3.sqlite_version_info > (3,)
assert sqlite3.Binary is memoryview and datetime.date in {kind for kind, _ in sqlite3.adapters}
refuses(PermissionError, 'runs in a zone: .*cloison.toml', lambda: sqlite3.connect(":memory:"))
#: sqlite3.dbapi2
import sqlite3, sqlite3.dbapi2 as d
assert d.paramstyle == 'qmark' and d.connect is sqlite3.connect
#: sqlite3.dump
import sqlite3.dump
assert callable(sqlite3.dump._iterdump)
#: sre_compile
import warnings; warnings.simplefilter("ignore")
import sre_compile
assert sre_compile.isstring("a")
#: sre_constants
import warnings; warnings.simplefilter("ignore")
import sre_constants
assert sre_constants.MAGIC
#: sre_parse
import warnings; warnings.simplefilter("ignore")
import sre_parse
assert sre_parse.parse("a+")
#: ssl
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import ssl, socket
assert issubclass(ssl.SSLCertVerificationError, (ssl.SSLError, ValueError)) and issubclass(ssl.SSLError, OSError)
assert str(ssl.SSLError(1, "text")) == "text" and ssl.PROTOCOL_TLS_CLIENT == 16 and ssl.OP_NO_TLSv1_2 and ssl.HAS_TLSv1_3
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED and context.minimum_version is ssl.TLSVersion.TLSv1_2
context.check_hostname = False; context.verify_mode = ssl.CERT_NONE; context.options |= ssl.OP_NO_TLSv1_3
assert ssl.OP_NO_TLSv1_3 in context.options and ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
bio = ssl.MemoryBIO(); assert bio.write(b"abc") == 3 and bio.read(2) == b"ab" and bio.pending == 1 and not bio.eof
refuses(PermissionError, "no network", lambda: context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()))
#: stat
import stat
assert stat.S_ISDIR(0o040755) and stat.filemode(0o100644) == "-rw-r--r--"
#: statistics
import statistics
assert statistics.mean([1, 2, 3]) == 2 and statistics.stdev([1, 2, 3]) == 1
assert statistics.NormalDist().cdf(1.0) == 0.8413447460685429
#: string
import string
assert string.Template("$a").substitute(a=1) == "1" and string.Formatter().format("{0:>3}", 1) == "  1"
#: string.templatelib
import string.templatelib
name = "x"; template = t"a{name}b"
assert isinstance(template, string.templatelib.Template) and template.interpolations[0].value == "x"
#: stringprep
import stringprep
assert stringprep.in_table_c11(" ") and stringprep.map_table_b2("A") == "a"
#: struct
import struct
assert struct.unpack("<hIq", struct.pack("<hIq", -1, 2, 3)) == (-1, 2, 3)
#: subprocess
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import subprocess
assert issubclass(subprocess.CalledProcessError, subprocess.SubprocessError) and subprocess.list2cmdline(["a b"]) == '"a b"'
for call in (lambda: subprocess.run(["true"]), lambda: subprocess.check_output("true", shell=True), lambda: subprocess.Popen("x")):
    refuses(PermissionError, "starts no programs .*cloison.toml", call)
#: symtable
import symtable
assert "f" in [child.get_name() for child in symtable.symtable("def f(x): y = x", "f", "exec").get_children()]
#: sys
import sys
assert sys.version_info >= (3, 14) and sys.byteorder == "little" and sys.getrecursionlimit() > 100
#: sysconfig
import sysconfig
assert sysconfig.get_python_version() == "%d.%d" % __import__("sys").version_info[:2]
#: syslog
import syslog
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert syslog.LOG_UPTO(3) == 15 and syslog.LOG_ERR == 3
syslog.openlog('x'); syslog.closelog()
refuses(PermissionError, 'starts no programs and sees no other process', lambda: syslog.syslog("x"))
#: tabnanny
import tabnanny, tokenize, io
tabnanny.process_tokens(tokenize.generate_tokens(io.StringIO("if x:\n    y\n").readline))
#: tarfile
import tarfile, io
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w:gz") as tar:
    info = tarfile.TarInfo("a"); info.size = 1; tar.addfile(info, io.BytesIO(b"x"))
assert tarfile.open(fileobj=io.BytesIO(out.getvalue())).extractfile("a").read() == b"x"
#: tempfile
import tempfile
f = tempfile.SpooledTemporaryFile(max_size=100); f.write(b"x"); f.seek(0); assert f.read() == b"x"
try: tempfile.TemporaryFile()
except OSError: pass
else: raise AssertionError
assert tempfile.gettempdir() == "/tmp"
#: termios
import termios
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
assert termios.TCSANOW == 0
try: termios.tcgetattr(0)
except termios.error: pass
refuses(PermissionError, 'no control over a terminal.*cloison.toml', lambda: termios.tcgetattr(0))
#: textwrap
import textwrap
assert textwrap.fill("a b c", 3) == "a b\nc" and textwrap.dedent("  a\n   b") == "a\n b"
#: threading
import threading
ran = []; thread = threading.Thread(target=ran.append, args=(1,)); thread.start(); thread.join()
assert ran == [1] and not thread.is_alive()
with threading.RLock(): local = threading.local(); local.x = 1
assert threading.current_thread() is threading.main_thread() and threading.Event().wait(0.01) is False
#: time
import time
start = time.perf_counter(); time.sleep(0.001)
assert time.perf_counter() > start and time.gmtime(0).tm_year == 1970 and time.strftime("%Y", time.gmtime(0)) == "1970"
#: timeit
import timeit
assert timeit.timeit("1 + 1", number=10) >= 0
#: token
import token
assert token.tok_name[token.NAME] == "NAME"
#: tokenize
import tokenize, io
assert [t.string for t in tokenize.generate_tokens(io.StringIO("x = 1").readline)][:3] == ["x", "=", "1"]
#: tomllib
import tomllib
assert tomllib.loads("a = [1, 'x']\n[b]\nc = 2024-01-01")["a"] == [1, "x"]
#: trace
import trace
t = trace.Trace(count=1, trace=0); t.runfunc(lambda: 1)
assert t.results().counts is not None
#: traceback
import traceback
try: 1 / 0
except ZeroDivisionError: text = traceback.format_exc()
assert text.startswith("Traceback") and "1 / 0" in text
#: tracemalloc
import tracemalloc
assert not tracemalloc.is_tracing() and tracemalloc.get_object_traceback([]) is None
try: tracemalloc.start()
except NotImplementedError: pass
else: raise AssertionError
#: tty
import tty
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no control over a terminal.*cloison.toml', lambda: tty.setraw(0))
#: types
import types
assert types.SimpleNamespace(a=1).a == 1 and isinstance(len, types.BuiltinFunctionType)
assert str(types.MappingProxyType({"a": 1})) == "{'a': 1}" and repr(types.MappingProxyType({"a": 1})) == "mappingproxy({'a': 1})"
#: typing
import typing
class T(typing.TypedDict): x: typing.Required[int]
assert typing.get_type_hints(T) == {"x": int} and typing.get_args(typing.Literal[1, "a"]) == (1, "a")
#: unicodedata
import unicodedata
assert unicodedata.normalize("NFD", "\xe9") == "e\u0301" and unicodedata.name("\u20ac") == "EURO SIGN"
#: unittest
import unittest, io
class T(unittest.TestCase):
    def test(self): self.assertEqual(1, 1)
    def test_raises(self):
        with self.assertRaises(ValueError): int("x")
result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
assert result.testsRun == 2 and result.wasSuccessful()
#: unittest.async_case
import unittest
class T(unittest.IsolatedAsyncioTestCase):
    async def test(self): self.assertTrue(True)
result = unittest.TestResult(); T("test").run(result)
assert result.wasSuccessful(), result.errors
#: unittest.case
import unittest.case
assert unittest.case.TestCase().maxDiff
#: unittest.loader
import unittest, unittest.loader
class T(unittest.TestCase):
    def test_a(self): ...
assert unittest.loader.TestLoader().getTestCaseNames(T) == ["test_a"]
#: unittest.main
import unittest.main
assert callable(unittest.main.TestProgram) if hasattr(unittest.main, "TestProgram") else callable(unittest.main)
#: unittest.mock
import unittest.mock
m = unittest.mock.Mock(return_value=3)
assert m(1, a=2) == 3; m.assert_called_once_with(1, a=2)
with unittest.mock.patch("json.loads", return_value=5): import json; assert json.loads("1") == 5
#: unittest.result
import unittest.result
assert unittest.result.TestResult().wasSuccessful()
#: unittest.runner
import unittest.runner, io
assert unittest.runner.TextTestRunner(stream=io.StringIO()).verbosity == 1
#: unittest.signals
import unittest.signals
assert unittest.signals.removeHandler() is None
#: unittest.suite
import unittest, unittest.suite
assert unittest.suite.TestSuite([unittest.FunctionTestCase(lambda: None)]).countTestCases() == 1
#: unittest.util
import unittest.util
assert unittest.util.sorted_list_difference([1], [2]) == ([1], [2])
#: urllib
import urllib
assert urllib.__path__ is not None
#: urllib.error
import urllib.error
assert issubclass(urllib.error.HTTPError, OSError)
#: urllib.parse
import urllib.parse
assert urllib.parse.urljoin("http://a/b/c", "../d") == "http://a/d" and urllib.parse.parse_qs("a=1&a=2") == {"a": ["1", "2"]}
#: urllib.request
import urllib.request
assert urllib.request.Request("http://a/b", headers={"X": "1"}).host == "a"
try: urllib.request.urlopen("http://example.invalid")
except OSError as error: assert "network" in str(error)
else: raise AssertionError
#: urllib.response
import urllib.response, io
assert urllib.response.addinfourl(io.BytesIO(b"x"), {}, "u", 200).status == 200
#: urllib.robotparser
import urllib.robotparser
p = urllib.robotparser.RobotFileParser(); p.parse(["User-agent: *", "Disallow: /x"])
assert not p.can_fetch("a", "/x/y") and p.can_fetch("a", "/z")
#: uuid
import uuid
assert uuid.uuid5(uuid.NAMESPACE_DNS, "a").version == 5 and uuid.uuid4() != uuid.uuid4()
#: warnings
import warnings
with warnings.catch_warnings(record=True) as caught: warnings.simplefilter("always"); warnings.warn("x")
assert str(caught[0].message) == "x"
#: wave
import wave, io
out = io.BytesIO()
with wave.open(out, "wb") as w: w.setnchannels(1); w.setsampwidth(2); w.setframerate(8000); w.writeframes(b"\0\0" * 8)
assert wave.open(io.BytesIO(out.getvalue())).getnframes() == 8
#: weakref
import weakref
class A: ...
a = A(); d = weakref.WeakValueDictionary(a=a); r = weakref.ref(a)
assert r() is a and d["a"] is a
del a
assert r() is None and "a" not in d
#: webbrowser
import webbrowser
assert not webbrowser.open('http://example.com')
#: wsgiref
import wsgiref
assert wsgiref.__path__ is not None
#: wsgiref.handlers
import wsgiref.handlers, io
out = io.BytesIO()
def application(environ, start): start("200 OK", [("Content-Type", "text/plain")]); return [b"hi"]
wsgiref.handlers.SimpleHandler(io.BytesIO(), out, io.StringIO(), {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.0"}).run(application)
assert out.getvalue().endswith(b"hi")
#: wsgiref.headers
import wsgiref.headers
h = wsgiref.headers.Headers([]); h["A"] = "1"; assert h["a"] == "1"
#: wsgiref.simple_server
import wsgiref.simple_server as s
assert s.demo_app({}, lambda *a: None)[0].startswith(b"Hello world!")
#: wsgiref.types
import wsgiref.types
assert wsgiref.types.WSGIApplication is not None
#: wsgiref.util
import wsgiref.util
environ = {}; wsgiref.util.setup_testing_defaults(environ); assert wsgiref.util.request_uri(environ) == "http://127.0.0.1/"
#: wsgiref.validate
import wsgiref.validate
assert callable(wsgiref.validate.validator(lambda environ, start: []))
#: xml
import xml
assert xml.__path__ is not None
#: xml.dom
import xml.dom
assert xml.dom.Node.ELEMENT_NODE == 1 and xml.dom.getDOMImplementation().createDocument(None, "a", None).documentElement.tagName == "a"
#: xml.dom.NodeFilter
from xml.dom.NodeFilter import NodeFilter
assert NodeFilter.FILTER_ACCEPT == 1
#: xml.dom.domreg
import xml.dom.domreg
assert xml.dom.domreg.getDOMImplementation("minidom")
#: xml.dom.expatbuilder
import xml.dom.expatbuilder
document = xml.dom.expatbuilder.parseString('<!DOCTYPE a [<!ENTITY e "x"><!ATTLIST a id ID #IMPLIED>]><a id="1">&e;<!-- c --></a>')
assert document.doctype.name == "a" and document.documentElement.firstChild.data == "x" and document.getElementById("1") is document.documentElement
#: xml.dom.minicompat
import xml.dom.minicompat
assert xml.dom.minicompat.NodeList().length == 0
#: xml.dom.minidom
import xml.dom.minidom, xml.parsers.expat
d = xml.dom.minidom.parseString("<a xmlns:x='u'><b c='1'>t\xe9xt</b><![CDATA[<]]><x:d/></a>")
assert d.getElementsByTagName("b")[0].getAttribute("c") == "1" and d.getElementsByTagNameNS("u", "d")
assert d.documentElement.toxml() == '<a xmlns:x="u"><b c="1">t\xe9xt</b><![CDATA[<]]><x:d/></a>'
try: xml.dom.minidom.parseString("<a><b></a>")
except xml.parsers.expat.ExpatError as error: assert "mismatched tag" in str(error)
else: raise AssertionError
#: xml.dom.pulldom
import xml.dom.pulldom
events = [event for event, node in xml.dom.pulldom.parseString("<a><b>x</b></a>")]
assert events == ["START_DOCUMENT", "START_ELEMENT", "START_ELEMENT", "CHARACTERS", "END_ELEMENT", "END_ELEMENT"], events
#: xml.dom.xmlbuilder
import xml.dom.xmlbuilder
assert xml.dom.xmlbuilder.DOMBuilder().supportsFeature("namespaces")
#: xml.etree
import xml.etree
assert xml.etree.__path__ is not None
#: xml.etree.ElementInclude
import xml.etree.ElementInclude as i, xml.etree.ElementTree as E
t = E.fromstring('<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x" parse="text"/></a>')
i.include(t, loader=lambda href, parse, encoding=None: "text"); assert t.text == "text"
#: xml.etree.ElementPath
import xml.etree.ElementPath, xml.etree.ElementTree as E
assert xml.etree.ElementPath.find(E.fromstring("<a><b c='1'/></a>"), "b[@c='1']").tag == "b"
#: xml.etree.ElementTree
import xml.etree.ElementTree as E, io
t = E.fromstring("<a x='1'>one<b>two</b>three<n:c xmlns:n='u'/>&#233;</a>")
assert (t.text, t[0].tail, t[1].tag, t[1].tail, t.get("x")) == ("one", "three", "{u}c", "\xe9", "1")
assert E.tostring(E.XML("<a><b /></a>"), encoding="unicode") == "<a><b /></a>"
p = E.XMLPullParser(["start", "end"]); p.feed("<a><b"); p.feed("/></a>")
assert [(event, element.tag) for event, element in p.read_events()] == [("start", "a"), ("start", "b"), ("end", "b"), ("end", "a")]
assert [e.tag for _, e in E.iterparse(io.BytesIO(b"<a><b/></a>"))] == ["b", "a"]
for bad in ("<a>", "<a><b></a>", "", "<a>&nothing;</a>", "<a b='1' b='2'/>", "<a/><b/>", "\x00"):
    try: E.fromstring(bad)
    except E.ParseError as error: assert error.position[0] == 1
    else: raise AssertionError(bad)
big = "<r>" + "<e k='v'>text</e>" * 20000 + "</r>"
assert len(E.fromstring(big)) == 20000
bomb = "<!DOCTYPE a [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 12)) + "]><a>&a11;</a>"
try: E.fromstring(bomb)
except E.ParseError as error: assert "amplification" in str(error)
else: raise AssertionError
def wrong(document, **entities):
    p = E.XMLParser(); p.entity.update(entities)
    try: p.feed(document); return p.close().text
    except E.ParseError as error: return error.code, error.position, str(error)
assert wrong("<a>&foo;</a>") == (11, (1, 3), "undefined entity: line 1, column 3")
assert wrong('<!DOCTYPE a SYSTEM "x">\n<a>&foo;</a>') == (11, (2, 3), "undefined entity &foo;: line 2, column 3")
assert wrong('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>x&b;y</a>') == (11, (1, 58), "undefined entity &b;: line 1, column 58")
assert wrong('<!DOCTYPE a [<!ENTITY b SYSTEM "x">]><a c="&b;"/>') == (16, (1, 43), "reference to external entity in attribute: line 1, column 43")
assert wrong('<!DOCTYPE a [<!ENTITY % p "<!ENTITY b \'y\'>">%p;]><a>&b;</a>') == (11, (1, 52), "undefined entity &b;: line 1, column 52")
assert wrong('<!DOCTYPE a SYSTEM "x" [<!ENTITY c "&b;">]><a>&c;</a>') == (11, (1, 46), "undefined entity &b;: line 1, column 46")
assert wrong('<!DOCTYPE a SYSTEM "x"><a>x&foo;y</a>', foo="bar") == "xbary"
try: E.fromstring('<!DOCTYPE a SYSTEM "x"><a>&foo;</a>')
except E.ParseError as error: assert error.code == 11
else: raise AssertionError
p = E.XMLPullParser(["end"])
p.feed('<!DOCTYPE a SYSTEM "x"><a><b/>&foo;')
try: list(p.read_events())
except E.ParseError as error: assert error.code == 11
else: raise AssertionError
class Target:
    def doctype(self, *what): self.what = what
    def close(self): return self.what
assert E.XMLParser(target=Target()).target.__class__ is Target
p = E.XMLParser(target=Target()); p.feed('<!DOCTYPE a PUBLIC "p" "s"><a/>'); assert p.close() == ("a", "p", "s")
class Parser(E.XMLParser): pass
p = Parser(encoding="utf-8"); p.feed(b"<a>\xc3\xa9</a>"); assert p.close().text == "\xe9"
many = "".join(f"<!ATTLIST b a{i} CDATA '1'>" for i in range(3000))
try: E.fromstring(f"<!DOCTYPE a [{many}]><a>{'<b/>' * 3000}</a>")
except E.ParseError as error: assert "amplification" in str(error)
else: raise AssertionError
#: xml.etree.cElementTree
import xml.etree.cElementTree as E
assert E.fromstring("<a/>").tag == "a"
#: xml.parsers
import xml.parsers
assert xml.parsers.__path__ is not None
#: xml.parsers.expat
import xml.parsers.expat as expat
from xml.parsers.expat import errors, model
assert errors.codes[errors.XML_ERROR_TAG_MISMATCH] == 7 and model.XML_CTYPE_MIXED == 3 and expat.ErrorString(3) == "no element found"
text = []
def external(context, base, system, public):
    other = p.ExternalEntityParserCreate(context); other.Parse("<in>x</in>", True); return 1
p = expat.ParserCreate(); p.ExternalEntityRefHandler = external; p.CharacterDataHandler = text.append
p.Parse('<!DOCTYPE a [<!ENTITY e SYSTEM "e.xml">]><a>1&e;2</a>', True)
assert text == ["1", "x", "2"]
p = expat.ParserCreate(); p.StartElementHandler = lambda *a: 1 / 0
try: p.Parse("<a/>", True)
except ZeroDivisionError: pass
else: raise AssertionError
told = []
p = expat.ParserCreate(); p.SkippedEntityHandler = lambda *a: told.append(a); p.CharacterDataHandler = told.append
assert p.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE) == 1
p.Parse('<!DOCTYPE a [<!ENTITY % p "<!ENTITY b \'y\'>">%p;%none;]><a>&b;&c;</a>', True)
assert told == [("none", 1), "y", ("c", 0)], told
p = expat.ParserCreate(); p.Parse("<a>"); assert p.SetParamEntityParsing(0) == 0
#: xml.sax
import xml.sax, xml.sax.handler
class H(xml.sax.handler.ContentHandler):
    names = []
    def startElement(self, name, attributes): self.names.append((name, dict(attributes)))
xml.sax.parseString("<a b='1'><c/></a>", H())
assert H.names == [("a", {"b": "1"}), ("c", {})]
class S(xml.sax.handler.ContentHandler):
    told = []
    def characters(self, text): self.told.append(text)
    def skippedEntity(self, name): self.told.append("skipped " + name)
xml.sax.parseString('<!DOCTYPE a [<!ENTITY % p "<!ENTITY b \'y\'>">%p;%none;]><a>&b;&c;</a>', S())
assert S.told == ["skipped %none", "y", "skipped c"], S.told
try: xml.sax.parseString("<a>", H())
except xml.sax.SAXParseException as error: assert error.getLineNumber() == 1
else: raise AssertionError
#: xml.sax.expatreader
import xml.sax.expatreader, xml.sax.handler, io
r = xml.sax.expatreader.create_parser(); r.setFeature(xml.sax.handler.feature_namespaces, True)
class H(xml.sax.handler.ContentHandler):
    def startElementNS(self, name, qname, attributes): self.name = name
r.setContentHandler(h := H()); r.parse(io.StringIO("<x:a xmlns:x='u'/>"))
assert h.name == ("u", "a")
#: xml.sax.handler
import xml.sax.handler
assert xml.sax.handler.feature_namespaces.startswith("http")
#: xml.sax.saxutils
import xml.sax.saxutils as s
assert s.escape("<&>") == "&lt;&amp;&gt;" and s.quoteattr('a"b') == "'a\"b'"
#: xml.sax.xmlreader
import xml.sax.xmlreader
assert xml.sax.xmlreader.AttributesImpl({"a": "1"})["a"] == "1"
#: xmlrpc
import xmlrpc
assert xmlrpc.__path__
#: xmlrpc.client
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
import xmlrpc.client
assert xmlrpc.client.loads(xmlrpc.client.dumps((1, "a", [True]), "f")) == ((1, "a", [True]), "f")
refuses(PermissionError, "no network", lambda: xmlrpc.client.ServerProxy("http://example.com/").f())
#: xmlrpc.server
import xmlrpc.server
from unittest import TestCase; refuses = TestCase().assertRaisesRegex
refuses(PermissionError, 'no network: .*cloison.toml', lambda: xmlrpc.server.SimpleXMLRPCServer(("", 0)))
#: zipapp
import zipapp
try: zipapp.create_archive("/x")
except (OSError, zipapp.ZipAppError): pass
else: raise AssertionError
#: zipfile
import zipfile, io
out = io.BytesIO()
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z: z.writestr("a.txt", "x" * 100)
with zipfile.ZipFile(io.BytesIO(out.getvalue())) as z: assert z.read("a.txt") == b"x" * 100 and z.testzip() is None
#: zipimport
import zipimport
try: zipimport.zipimporter("/x.zip")
except (OSError, ImportError): pass
else: raise AssertionError
#: zlib
import zlib
assert zlib.decompress(zlib.compress(b"x" * 1000)) == b"x" * 1000 and zlib.crc32(b"hello") == 907060870
#: zoneinfo
import datetime, zoneinfo
summer = datetime.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))
assert summer.utcoffset() == datetime.timedelta(hours=2) and summer.tzname() == "CEST" and zoneinfo.ZoneInfo("UTC").key == "UTC"
assert len(zoneinfo.available_timezones()) > 500 and "Factory" not in zoneinfo.available_timezones()
for wrong in ("Europe/Nowhere", "europe/paris"):
    try: zoneinfo.ZoneInfo(wrong)
    except zoneinfo.ZoneInfoNotFoundError: pass
    else: raise AssertionError(wrong)
#: asyncio.tools not importable: it looks into other processes
#: asyncio.windows_events not importable: Windows
#: asyncio.windows_utils not importable: Windows
#: multiprocessing.popen_spawn_win32 not importable: Windows
