import time
for n in range(TIMES):
    try:
        print('ready', flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
print('all', n + 1)
