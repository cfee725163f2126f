import os, tempfile
print(os.listdir('/tmp'), tempfile.gettempdir())
open('/tmp/a', 'w').write('x')
try:
    open('/tmp/big', 'wb').write(bytes(1 << 19))
except OSError as error:
    print(error.errno)
