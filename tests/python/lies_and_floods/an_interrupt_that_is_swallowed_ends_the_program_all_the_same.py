import time
says = 'started'
while True:
    try:
        print(says, flush=True)
        time.sleep(100)
    except KeyboardInterrupt:
        says = 'ignored'
