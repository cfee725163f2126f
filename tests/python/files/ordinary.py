"""What programs do with files, printed so that two runs in two folders can be compared."""

import array
import errno
import glob
import io
import json
import os
import pathlib
import shutil
import stat
import sys
import tempfile

BASE = sys.argv[1]


def shown(value):
    return repr(value).replace(BASE, "BASE")


def attempt(name, function, *args, **kwargs):
    """Print what becomes of a call."""
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        about = [type(error).__name__]
        if isinstance(error, OSError) and error.errno is not None:
            about += [errno.errorcode[error.errno], error.strerror, error.filename, error.filename2]
        else:
            about += [str(error)]
        print(name, "raises", shown(about))
    else:
        print(name, shown(result))


def at(*parts):
    return os.path.join(BASE, *parts)


def text():
    with open(at("text"), "w") as file:
        print("repr", shown((file.name, file.mode, file.encoding, file.writable(), file.readable(), file.seekable())))
        print("one", file=file)
        file.writelines(["two\n", "zwölf €\n"])
    with open(at("text")) as file:
        print([*file], file.tell())
    with open(at("text"), encoding="latin-1", newline="") as file:
        print(ascii(file.read()))
    with open(at("text"), "a+") as file:
        file.write("more")
        file.seek(0)
        print(file.readline(), file.read(2), file.read())
    with open(at("text"), "r+") as file:
        file.write("ONE")
        file.truncate(6)
    print(pathlib.Path(at("text")).read_text())
    attempt("exclusive", open, at("text"), "x")
    attempt("absent", open, at("absent"))
    attempt("folder", open, BASE)
    attempt("bad mode", open, at("text"), "rw")
    attempt("both", open, at("text"), "rtb")
    attempt("binary with encoding", open, at("text"), "rb", encoding="utf-8")
    attempt("unbuffered text", open, at("text"), "r", 0)
    attempt("null", open, at("a\0b"))
    attempt("empty", open, "")
    attempt("type", open, 1.5)
    with open(at("closed"), "w") as file:
        pass
    try:
        file.write("x")
    except ValueError:
        print("closed")


def raw():
    data = bytes(range(256)) * 4096 * 5
    with open(at("big"), "wb") as file:
        print(file.write(data), file.tell())
    with open(at("big"), "rb") as file:
        print(file.read() == data, file.read(), file.seek(-3, 2), file.read(), file.seek(5), file.peek(1)[:1])
    with io.FileIO(at("big"), "r+") as file:
        print(shown(file), isinstance(file, io.RawIOBase), isinstance(file, io.IOBase))
        print(file.mode, file.closefd, file.readable(), file.writable(), file.seekable(), file.isatty())
        buffer = bytearray(10)
        print(file.seek(300), file.readinto(buffer), buffer, file.tell(), file.write(b"xyz"), file.seek(310), file.read(4))
        print(file.truncate(400), file.seek(0, 2), file.tell(), len(file.readall()), file.seek(390), file.readall())
        attempt("seek", file.seek, -1)
        attempt("whence", file.seek, 0, 17)
    attempt("after", file.read)
    with open(at("big"), "rb", buffering=0) as file:
        print(type(file).__name__, len(file.read()), file.read())
    with open(at("big"), "r+b") as file:
        file.seek(3)
        print(file.read(2), file.write(b"AB"), file.tell())
        file.seek(0)
        print(file.read(10))
    with io.FileIO(at("big"), "w") as file:
        attempt("not readable", file.read)
        print(file.write(b""), os.fstat(file.fileno()).st_size)

    class Counted(io.FileIO):
        reads = 0

        def readinto(self, buffer):
            self.reads += 1
            return super().readinto(buffer)

    with open(at("big"), "wb") as file:
        file.write(b"counted")
    with Counted(at("big")) as file:
        buffered = io.BufferedReader(file)
        print(buffered.read(3), file.reads > 0)
    opened = []

    def opener(path, flags):
        opened.append((shown(path), flags & os.O_ACCMODE))
        return os.open(path, flags)

    with open(at("big"), opener=opener) as file:
        print(opened, file.read())
    descriptor = os.open(at("big"), os.O_RDONLY)
    with open(descriptor, "rb", closefd=False) as file:
        print(file.read(), file.name == descriptor)
    print(os.lseek(descriptor, 0, os.SEEK_SET), os.read(descriptor, 3))
    os.close(descriptor)
    attempt("closed", os.read, descriptor, 1)
    attempt("closed twice", os.close, descriptor)
    attempt("negative", io.FileIO, -1)


def descriptors():
    descriptor = os.open(at("d"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
    print(os.write(descriptor, b"0123456789"), os.pread(descriptor, 3, 4), os.pwrite(descriptor, b"ab", 8))
    print(os.fstat(descriptor).st_size, os.lseek(descriptor, -4, os.SEEK_END), os.read(descriptor, 100))
    os.ftruncate(descriptor, 5)
    os.fsync(descriptor)
    print(oct(os.fstat(descriptor).st_mode), os.stat(descriptor).st_size, os.isatty(descriptor))
    with os.fdopen(descriptor, "r") as file:
        file.seek(0)
        print(file.read())
    attempt("exclusive", os.open, at("d"), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    attempt("no such", os.open, at("none"), os.O_RDONLY)
    attempt("file as folder", os.open, at("d", "x"), os.O_RDONLY)


def names():
    os.makedirs(at("tree", "a", "b"))
    attempt("again", os.makedirs, at("tree", "a", "b"))
    os.makedirs(at("tree", "a", "b"), exist_ok=True)
    for name in ("one.txt", "two.txt", "three.py", ".hidden"):
        pathlib.Path(at("tree", name)).write_text(name)
    pathlib.Path(at("tree", "a", "deep.txt")).touch()
    os.symlink("one.txt", at("tree", "link"))
    os.symlink("a", at("tree", "folder-link"))
    os.symlink("nowhere", at("tree", "dangling"))
    print(sorted(os.listdir(at("tree"))), sorted(os.listdir(os.fsencode(at("tree")))))
    with os.scandir(at("tree")) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            kinds = entry.is_dir(), entry.is_file(), entry.is_symlink(), entry.is_dir(follow_symlinks=False)
            print(shown(entry), shown(entry.path), kinds, shown(os.fspath(entry)))
    print(shown(sorted((top, sorted(folders), sorted(files)) for top, folders, files in os.walk(at("tree")))))
    print(shown([top for top, _, _ in os.walk(at("tree", "a"), topdown=False)]))
    attempt("listdir of a file", os.listdir, at("tree", "one.txt"))
    attempt("listdir of nothing", os.listdir, at("none"))
    attempt("scandir of nothing", os.scandir, at("none"))
    print(shown(sorted(glob.glob(at("tree", "*.txt")))), shown(sorted(glob.glob(at("tree", "**"), recursive=True))))
    print(shown(sorted(pathlib.Path(at("tree")).rglob("*.txt"))), pathlib.Path(at("tree", "one.txt")).stat().st_size)
    print(os.readlink(at("tree", "link")), os.path.islink(at("tree", "link")), os.path.exists(at("tree", "dangling")))
    print(os.path.lexists(at("tree", "dangling")), os.path.isdir(at("tree", "folder-link")), os.path.getsize(at("tree", "link")))
    print(shown(os.path.realpath(at("tree", "folder-link", "..", "link"))))
    print(os.path.samefile(at("tree", "link"), at("tree", "one.txt")))
    attempt("readlink of a file", os.readlink, at("tree", "one.txt"))
    os.rename(at("tree", "one.txt"), at("tree", "uno.txt"))
    os.replace(at("tree", "two.txt"), at("tree", "uno.txt"))
    print(pathlib.Path(at("tree", "uno.txt")).read_text())
    os.link(at("tree", "uno.txt"), at("tree", "dos.txt"))
    print(os.stat(at("tree", "dos.txt")).st_nlink)
    attempt("rename of nothing", os.rename, at("none"), at("other"))
    attempt("rmdir of what is not empty", os.rmdir, at("tree", "a"))
    attempt("rmdir of a file", os.rmdir, at("tree", "uno.txt"))
    attempt("unlink of nothing", os.unlink, at("none"))
    attempt("unlink of a folder", os.unlink, at("tree", "a"))
    attempt("mkdir of what is there", os.mkdir, at("tree"))
    attempt("mkdir below nothing", os.mkdir, at("none", "x"))
    os.removedirs(at("tree", "a", "b")) if not os.listdir(at("tree", "a", "b")) else None
    os.renames(at("tree", "dos.txt"), at("moved", "far", "dos.txt"))
    print(os.path.exists(at("moved", "far", "dos.txt")))
    name = b"\xff\xfe\n"
    with open(os.path.join(os.fsencode(BASE), name), "wb") as file:
        file.write(b"x")
    print(name in os.listdir(os.fsencode(BASE)), ascii(os.fsdecode(name)) in map(ascii, os.listdir(BASE)))


def status():
    path = at("status")
    pathlib.Path(path).write_bytes(b"12345")
    os.chmod(path, 0o640)
    found = os.stat(path)
    print(oct(found.st_mode), found.st_size, stat.S_ISREG(found.st_mode), stat.filemode(found.st_mode), len(found))
    print(found[stat.ST_SIZE], found == os.lstat(path), abs(found.st_mtime - found.st_mtime_ns / 1e9) < 1e-6)
    os.utime(path, (1.5, 1234567890.25))
    print(os.stat(path).st_mtime_ns, os.path.getatime(path))
    os.utime(path, ns=(1, 2))
    print(os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns)
    attempt("both", os.utime, path, (1, 2), ns=(1, 2))
    os.truncate(path, 2)
    print(os.path.getsize(path), os.access(path, os.R_OK | os.W_OK), os.access(path, os.X_OK), os.access(at("none"), os.F_OK))
    attempt("stat of nothing", os.stat, at("none"))
    attempt("chmod of nothing", os.chmod, at("none"), 0o600)
    print(shutil.disk_usage(BASE).total > 0, os.statvfs(BASE).f_bsize > 0)


def trees():
    os.makedirs(at("source", "inner"))
    pathlib.Path(at("source", "file")).write_text("text")
    pathlib.Path(at("source", "inner", "file")).write_text("inner")
    os.symlink("file", at("source", "inner", "link"))
    print(shown(shutil.copytree(at("source"), at("copy"), symlinks=True)))
    print(sorted(str(path.relative_to(BASE)) for path in pathlib.Path(at("copy")).rglob("*")))
    print(shown(shutil.copy2(at("source", "file"), at("copied"))), pathlib.Path(at("copied")).read_text())
    print(os.stat(at("copied")).st_mtime_ns == os.stat(at("source", "file")).st_mtime_ns)
    print(shown(shutil.move(at("copied"), at("source"))))
    shutil.rmtree(at("copy"))
    print(os.path.exists(at("copy")))
    print(shown(shutil.make_archive(at("packed"), "zip", at("source"))))
    shutil.unpack_archive(at("packed.zip"), at("unpacked"))
    print(sorted(os.listdir(at("unpacked"))))
    attempt("rmtree of nothing", shutil.rmtree, at("none"))


def temporary():
    with tempfile.TemporaryDirectory(dir=BASE) as folder:
        path = pathlib.Path(folder, "x")
        path.write_text("x")
        print(path.read_text(), oct(os.stat(folder).st_mode))
    print(os.path.exists(folder))
    with tempfile.NamedTemporaryFile("w+", dir=BASE) as file:
        file.write("named")
        file.flush()
        print(pathlib.Path(file.name).read_text(), oct(os.stat(file.name).st_mode))
    print(os.path.exists(file.name))
    with tempfile.TemporaryFile(dir=BASE) as file:
        file.write(b"x" * 100)
        file.seek(50)
        print(len(file.read()))
    descriptor, path = tempfile.mkstemp(dir=BASE)
    os.write(descriptor, b"made")
    os.close(descriptor)
    print(pathlib.Path(path).read_bytes())
    os.unlink(path)
    with tempfile.SpooledTemporaryFile(max_size=10, dir=BASE) as file:
        file.write(b"more than ten bytes")
        file.seek(0)
        print(file.read())


def folders():
    os.chdir(BASE)
    print(shown(os.getcwd()), shown(os.path.abspath("x")))
    os.mkdir("here")
    with open("here/relative", "w") as file:
        json.dump({"a": 1}, file)
    os.chdir("here")
    print(os.listdir(), json.load(open("relative")), shown(str(pathlib.Path.cwd())), shown(str(pathlib.Path("relative").resolve())))
    os.chdir("..")
    print(shown(os.getcwd()))
    attempt("chdir to a file", os.chdir, "here/relative")
    attempt("chdir to nothing", os.chdir, "none")


def reading():
    """What is read is what is there when it is read, and a file stands where everybody has left it."""
    path = at("changing")
    pathlib.Path(path).write_text("one")
    with open(path) as file:
        pathlib.Path(path).write_text("two, which is longer")
        print(file.read(), file.tell())
    with open(path, "rb") as file:
        print(file.read(3), file.tell(), file.seek(1), file.read(2), file.read(), file.read(), file.tell())
        with open(path, "ab") as other:
            other.write(b" and longer")
        print(file.read(), file.read())
    with open(path, "rb", buffering=0) as file:
        print(file.read(2), os.lseek(file.fileno(), 0, 1), file.read(2), file.readinto(bytearray(3)), file.tell())
        print(os.read(file.fileno(), 4), file.readall(), file.read(1), file.seek(2), os.fstat(file.fileno()).st_size, file.read(2))
    with open(path, "rb", buffering=0) as file:
        print(file.read(0), file.readinto(bytearray()), os.read(file.fileno(), 0), file.read(4), file.read(0), file.readall())
    for size in (0, 1, 8191, 8192, 16383, 16384, 16385, 32768, 100_000, 1_000_000):
        data = (b"%07d\n" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]
        pathlib.Path(path).write_bytes(data)
        with open(path, "rb") as file:
            first = file.read(10)
            print(size, first + file.read(20_000) + file.read() == data, file.read())
        with open(path, "rb", buffering=0) as file:
            parts = []
            while part := file.read(7000):
                parts.append(part)
            print([len(part) for part in parts][-2:], b"".join(parts) == data)
        with open(path) as file:
            print(sum(len(line) for line in file), open(path).readlines()[-1:])
        buffer = bytearray(50_000)
        with open(path, "rb") as file:
            print(file.readinto(buffer), file.peek(1)[:1], file.read(1))
    files = [open(path) for _ in range(100)]
    print({file.read(8) for file in files})
    for file in files:
        file.close()
    with open(path) as file:
        os.unlink(path)
        print(len(file.read()))
    attempt("open what is gone", open, path)
    pathlib.Path(path).write_text("text")
    file = open(path, "rb")
    os.close(file.fileno())
    attempt("read of what is closed", file.read)
    attempt("close of what is closed", file.close)
    for mode in ("r", "rb"):
        file = open(path, mode)
        print(file.name == path, file.mode, type(file).__name__, file.readable(), file.writable(), file.closed)
        file.close()
        file.close()
        try:
            file.read()
        except ValueError:
            print("read of a closed file raises", file.closed)


def elements():
    """Buffers whose elements are wider than a byte count in bytes, shorter than a file's own buffer and longer."""
    path = at("elements")
    for count in (0, 10, 100_000):
        numbers = array.array("i", range(count))
        whole = numbers.tobytes()
        for buffer in (numbers, memoryview(numbers), memoryview(whole).cast("H"), memoryview(whole).cast("d")):
            for mode, buffering in (("wb", -1), ("wb", 0), ("w+b", -1), ("w+b", 100)):
                with open(path, mode, buffering) as file:
                    print(file.write(buffer), file.tell(), end=" ")
                print(pathlib.Path(path).read_bytes() == whole, end=" ")
            with io.BufferedRWPair(io.FileIO(path), io.FileIO(at("other"), "w")) as pair:
                print(pair.write(buffer), end=" ")
                target = array.array("i", [-1] * count)
                print(pair.readinto(target), target == numbers, end=" ")
            print(pathlib.Path(at("other")).read_bytes() == whole)
        for mode, buffering in (("rb", -1), ("rb", 0), ("rb", 100), ("r+b", -1), ("r+b", 100)):
            for name in ("readinto", "readinto1"):
                target = array.array("i", [-1] * count)
                with open(path, mode, buffering) as file:
                    if buffering:
                        print(getattr(file, name)(memoryview(target)), target == numbers, file.tell(), end=" ")
                        print(file.seek(0), file.read(1)[:1] == whole[:1], getattr(file, name)(target), file.tell())
                    else:
                        print(file.readinto(target), target == numbers, file.tell())
    table = memoryview(array.array("i", range(40_000)).tobytes()).cast("i", [4, 10_000])
    with open(path, "wb") as file:
        print(file.write(table), file.tell())
    descriptor = os.open(path, os.O_RDWR | os.O_TRUNC)
    numbers = array.array("i", [1, 2, 3])
    print(os.write(descriptor, numbers), os.pwrite(descriptor, numbers, 8), os.writev(descriptor, [numbers, b"x"]))
    print(os.fstat(descriptor).st_size, os.lseek(descriptor, 0, os.SEEK_SET), os.readv(descriptor, [numbers]), numbers)
    os.close(descriptor)
    with open(path, "w+b") as file:
        for wrong in ("text", 1, None):
            try:
                file.write(wrong)
            except TypeError:
                print("TypeError", end=" ")
        for wrong in (b"bytes", "text", 1):
            try:
                file.readinto(wrong)
            except TypeError:
                print("TypeError", end=" ")
        print(file.tell())


def again():
    """A `FileIO` that is initialised once more lets go of what it had open, if that was its own."""
    for name in ("one", "two"):
        pathlib.Path(at(name)).write_text(name)
    file = io.FileIO(at("one"))
    number = file.fileno()
    file.__init__(at("two"))
    print(file.read(), file.fileno() == number, file.closed, file.closefd, shown(file.name), file.mode)
    lent = os.open(at("one"), os.O_RDONLY)
    file.__init__(lent, closefd=False)
    attempt("its own is closed", os.fstat, number) if number != lent else print("not closed")
    print(file.read(), file.closefd, file.name == lent)
    file.__init__(at("two"), "r+")
    print(file.read(), file.closefd, file.mode, os.fstat(lent).st_size)
    number = file.fileno()
    file.close()
    attempt("closed by its path", os.fstat, number)
    attempt("closed", file.read)
    file.__init__(at("one"))
    print(file.closed, file.seekable(), file.read())
    number = file.fileno()
    attempt("no mode", file.__init__, at("one"), "z")
    print(file.closed)
    attempt("nothing is open", file.read)
    attempt("let go of", os.fstat, number)
    attempt("no such", file.__init__, at("none"))
    print(file.closed)
    file.__init__(lent)
    print(file.closefd, file.seek(0), file.read())
    file.close()
    attempt("given away", os.fstat, lent)

    class Unnamed(io.FileIO):
        def __setattr__(self, name, value):
            if name == "name":
                raise ValueError("it has no name")
            super().__setattr__(name, value)

    lent = os.open(at("one"), os.O_RDONLY)
    attempt("unnamed", Unnamed, lent)
    print(os.read(lent, 10))
    os.close(lent)
    attempt("unnamed path", Unnamed, at("one"))
    free = os.open(at("one"), os.O_RDONLY)
    print(free == lent)
    os.close(free)


def numbers():
    """Descriptors and lengths are what has an index: what is only equal to one is not."""
    path = at("numbers")
    pathlib.Path(path).write_text("numbers")
    descriptor = os.open(path, os.O_RDWR)
    wrong = float(descriptor)
    for name in ("close", "fstat", "fsync", "fdatasync", "isatty", "get_blocking"):
        attempt(name, getattr(os, name), wrong)
    attempt("close of a standard stream", os.close, 1.0)
    attempt("close of text", os.close, "1")
    attempt("isatty", os.isatty, 1.0)
    attempt("fstat", os.fstat, 0.0)
    attempt("read", os.read, wrong, 1)
    attempt("read of so many", os.read, descriptor, 1.0)
    attempt("read of fewer than none", os.read, descriptor, -1)
    attempt("pread of so many", os.pread, descriptor, 1.0, 0)
    attempt("pread from there", os.pread, descriptor, 1, 0.0)
    attempt("write", os.write, wrong, b"x")
    attempt("write to a standard stream", os.write, 1.0, b"x")
    attempt("pwrite", os.pwrite, descriptor, b"x", 1.0)
    attempt("lseek", os.lseek, wrong, 0, 0)
    attempt("lseek to", os.lseek, descriptor, 1.0, 0)
    attempt("lseek from", os.lseek, descriptor, 1, 0.0)
    attempt("ftruncate", os.ftruncate, wrong, 1)
    attempt("ftruncate to", os.ftruncate, descriptor, 1.0)
    attempt("closerange", os.closerange, wrong, descriptor + 1)
    attempt("set_blocking", os.set_blocking, wrong, True)
    attempt("set_inheritable", os.set_inheritable, wrong, False)

    class Index:
        def __init__(self, value):
            self.value = value

        def __index__(self):
            return self.value

    print(os.read(Index(descriptor), Index(3)), os.lseek(Index(descriptor), Index(1), Index(0)), os.read(descriptor, True))
    with io.FileIO(descriptor) as file:
        attempt("FileIO.read", file.read, 1.0)
        attempt("FileIO.seek", file.seek, 1.0)
        print(file.read(Index(2)), file.seek(Index(0)))


def doubles():
    descriptor = os.open(at("doubles"), os.O_RDWR | os.O_CREAT)
    other = os.dup(descriptor)
    os.write(descriptor, b"one ")
    os.write(other, b"two")
    os.close(descriptor)
    print(os.lseek(other, 0, 0), os.read(other, 9), os.fstat(other).st_size)
    with os.fdopen(os.dup(other), "r+b") as file:
        print(file.seek(0), file.read(), other != file.fileno())
    third = os.dup2(other, 100)
    pieces = [bytearray(2), bytearray(2)]
    print(third, os.preadv(third, pieces, 1), pieces, os.pwritev(third, [b"T", b"W"], 4), os.pread(third, 9, 0))
    os.close(other)
    print(os.pread(third, 3, 0), os.dup2(third, third))
    os.close(third)
    for function, *args in ((os.fstat, third), (os.dup, third), (os.dup2, third, 100), (os.get_inheritable, third)):
        attempt(function.__name__, function, *args)


for part in (text, raw, descriptors, names, status, trees, temporary, folders, reading, elements, again, numbers, doubles):
    print("---", part.__name__)
    part()
