import os
for path in ['/etc/passwd', '/etc/hostname', '/proc/self/environ', '/proc/1/root/etc/passwd', '/data/out', '/data/../other/secret', '/data/absolute', 'OUTSIDE', '/root', '/home', '/tmp', '/dev/zero', '/dev/tty', '/dev/shm', '/sys']:
    try:
        os.stat(path)
        print('there:', path)
    except OSError as error:
        pass
for path, flags in [('/data/new', os.O_CREAT | os.O_WRONLY), ('/data/secret', os.O_WRONLY), ('/new', os.O_CREAT | os.O_WRONLY)]:
    try:
        os.open(path, flags)
        print('opened:', path)
    except OSError:
        pass
try:
    os.listdir('/')
except OSError as error:
    print(error.errno)
