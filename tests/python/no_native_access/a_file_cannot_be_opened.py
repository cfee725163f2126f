try:
    open('x')
except PermissionError as error:
    print(error.errno, error.filename)
