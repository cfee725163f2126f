from cloison import capability

lib = capability("lib")
wide = lib.wide_of(-308641972530864198)
print(wide, lib.wide_b(wide))
small = lib.small_of(-4000)
print(small, lib.small_b([{"a": 1, "b": 1}, small]))
try:
    lib.small_b([{"a": 1, "b": 4096}])
except OverflowError as error:
    print("OverflowError:", error)
