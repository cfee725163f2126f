import _cloison
for fd in (-1, 3, 4, 5):
    for f in (lambda: _cloison.write(fd, b'x'), lambda: _cloison.readinto(fd, bytearray(1)), lambda: _cloison.isatty(fd)):
        try:
            print(f())
        except OSError as e:
            assert e.errno == 9
