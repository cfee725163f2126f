import os
try:
    open('x')
except PermissionError as e:
    print(e.errno, e.filename, isinstance(e, OSError))
print(os.path.exists('/etc/passwd'), dict(os.environ), os.getcwd())
