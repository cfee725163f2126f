import errno


def write(name, size):
    try:
        with open(name, 'wb') as file:
            file.write(bytes(size))
    except OSError as error:
        print(errno.errorcode[error.errno], *error.__notes__)
    else:
        print('written')


write('/data/small', 1000)
write('/data/large', 5000)
write('/data/more', 4000)
write('/data/still', 4000)
