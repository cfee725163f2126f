import os, signal, time, sys
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print('daemon', flush=True)
        while True: time.sleep(600)
    os._exit(0)
time.sleep(0)
sys.stdin.read()
