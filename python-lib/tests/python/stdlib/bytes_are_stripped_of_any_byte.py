class B(bytes): pass
for kind in bytes, bytearray, B:
    a = kind(b'\xffa\xe9\xff')
    print(a.strip(b'\xff'), a.lstrip(b'\xff'), a.rstrip(memoryview(b'\xff\xe9')), a.strip(a), type(a.strip()).__name__)
    print(kind(b' \t\n\r\x0b\x0c\x1c a \x85').strip(), kind(b'').rstrip(), kind(b'xyx').strip(b'x'), kind(b'a').strip(None))
whole = b'ab'; print(whole.strip() is whole, B(b'ab').strip() is whole, bytes.strip.__name__, bytes.strip.__objclass__)
for wrong in 'a', 1:
    try: b'a'.strip(wrong)
    except TypeError: print('TypeError')
