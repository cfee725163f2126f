"""The characters of ASCII: their numbers, and what kind each is."""

_NAMES = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split()
controlnames = ["HT" if name == "TAB" else name for name in _NAMES] + ["SP"]
globals().update({name: number for number, name in enumerate(_NAMES)})
HT, NL, SP, DEL = 9, 10, 32, 127


def _number(c):
    return ord(c) if isinstance(c, str) else c


def _kind(name, doc, test):
    def kind(c):
        return test(_number(c))

    kind.__name__, kind.__qualname__, kind.__doc__ = name, name, f"Return whether it is {doc}."
    return kind


isalnum = _kind("isalnum", "a letter or a digit", lambda c: isalpha(c) or isdigit(c))
isalpha = _kind("isalpha", "a letter", lambda c: isupper(c) or islower(c))
isascii = _kind("isascii", "of ASCII", lambda c: 0 <= c <= 127)
isblank = _kind("isblank", "a blank or a tabulator", lambda c: c in (9, 32))
iscntrl = _kind("iscntrl", "a control character", lambda c: 0 <= c <= 31 or c == 127)
isdigit = _kind("isdigit", "a digit", lambda c: 48 <= c <= 57)
isgraph = _kind("isgraph", "one that shows", lambda c: 33 <= c <= 126)
islower = _kind("islower", "a small letter", lambda c: 97 <= c <= 122)
isprint = _kind("isprint", "one that is printed", lambda c: 32 <= c <= 126)
ispunct = _kind("ispunct", "one that shows and is neither a letter nor a digit", lambda c: isgraph(c) and not isalnum(c))
isspace = _kind("isspace", "white space", lambda c: c in (9, 10, 11, 12, 13, 32))
isupper = _kind("isupper", "a capital letter", lambda c: 65 <= c <= 90)
isxdigit = _kind("isxdigit", "a hexadecimal digit", lambda c: isdigit(c) or 65 <= c <= 70 or 97 <= c <= 102)
isctrl = _kind("isctrl", "below the blank", lambda c: 0 <= c < 32)
ismeta = _kind("ismeta", "above ASCII", lambda c: c > 127)


def _changed(name, doc, change):
    def changed(c):
        return chr(change(ord(c))) if isinstance(c, str) else change(c)

    changed.__name__, changed.__qualname__, changed.__doc__ = name, name, f"Return it {doc}, as text or as a number."
    return changed


ascii = _changed("ascii", "without its highest bit", lambda c: c & 0x7F)
ctrl = _changed("ctrl", "as with the key Ctrl", lambda c: c & 0x1F)
alt = _changed("alt", "as with the key Alt", lambda c: c | 0x80)


def unctrl(c):
    """Return how it is shown: ``^A`` for a control character, ``!`` before one above ASCII."""
    number = _number(c)
    low = number & 0x7F
    shown = "^?" if low == 127 else f"^{chr(low + 64)}" if low < 32 else chr(low)
    return f"!{shown}" if number & 0x80 else shown
