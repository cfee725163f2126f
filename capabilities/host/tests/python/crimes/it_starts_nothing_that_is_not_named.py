import os
try:
    os.execv('PATH', ['x', '--version'])
except OSError as error:
    print(error.errno)
