import socket, os, ctypes
for family, kind in [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM), (16, 3)]:
    try:
        socket.socket(family, kind)
        print('a socket')
    except OSError as error:
        print(error.errno)
one, other = socket.socketpair()
one.send(b'x')
print(other.recv(1))
libc = ctypes.CDLL(None, use_errno=True)
def tried(number, *arguments):
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.syscall(number, *arguments) >= 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print([tried(*call) for call in [(272, 0x10000000), (165, 0, 0, 0, 0, 0), (101, 0, 0, 0, 0), (56, 0x10000000 | 17, 0, 0, 0, 0), (56, 0x8000 | 17, 0, 0, 0, 0), (319, b'x', 0), (105, 0), (425, 1, 0), (250, 0), (9, 0, 4096, 3, 0x21, -1, 0)]])
