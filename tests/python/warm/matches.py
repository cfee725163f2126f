import io
kinds = []
for value in ([1, 2], (1, 2), {"a": 1}, "ab", range(2), b"ab"):
    match value:
        case [_, _]:
            kinds.append("sequence")
        case {"a": _}:
            kinds.append("mapping")
        case _:
            kinds.append("other")
print(kinds, issubclass(io.StringIO, io.Reader), issubclass(list, io.Writer), isinstance(io.BytesIO(), io.BufferedIOBase))
import collections.abc
print(isinstance([], collections.abc.Sequence), isinstance({}, collections.abc.Mapping), collections.abc.__name__)
class Own(collections.abc.Sequence):
    def __len__(self): return 2
    def __getitem__(self, index): return (3, 4)[index]
match Own():
    case [first, second]:
        print(first, second)
