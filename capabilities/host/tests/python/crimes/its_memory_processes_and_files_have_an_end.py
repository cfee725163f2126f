import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        made += 1
except OSError as error:
    print(made, error.errno)
