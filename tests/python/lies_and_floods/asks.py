import _raw, time
AT = 0x100000000
assert _raw.syscall(9, AT, 4096, 3, 0x32, -1, 0) == AT
got = 0
while got < 256:
    got += _raw.syscall(0, 0, AT + got, 256 - got)
control = [number for number in range(3, 16) if _raw.syscall(46, number, AT, 0x4040) > 0]
print('asked', len(control), flush=True)
for _ in range(20):
    _raw.syscall(46, control[0], AT, 0x4040)
time.sleep(10)
print('still here', flush=True)
