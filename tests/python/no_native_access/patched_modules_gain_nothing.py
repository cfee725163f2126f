# For tests/tests/no_native_access.rs.
import sys, types, _cloison
import cloison, cloison._errors, cloison._needs
cloison._needs.ABSENT.clear()
cloison._needs.FILES = ""
cloison._errors.CapabilityDenied = Exception
sys.modules["posix"] = types.ModuleType("posix")
class Yes:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None
sys.meta_path.insert(0, Yes)
for text in ("cloison.capability('libm').sqrt(2.0)", "cloison.capability('zlib').adler32(1, b'')", "__import__('_socket').getaddrinfo('localhost', 1)",
             "__import__('_ctypes').dlopen('libc.so.6', 0)", "_cloison.capability('libm')"):
    try:
        print("REACHED", text, eval(text))
    except BaseException as error:
        print("failed", text)
print(cloison.capability("zlib").crc32(0, b"hello"))
