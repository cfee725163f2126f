import time
try:
    print('started', flush=True)
    while True:
        time.sleep(0.01)
finally:
    print('cleaned up', flush=True)
