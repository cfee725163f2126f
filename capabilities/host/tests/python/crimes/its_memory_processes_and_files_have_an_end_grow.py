import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    open('/work/big', 'wb').write(bytes(2 << 20))
except OSError as error:
    print(error.errno)
