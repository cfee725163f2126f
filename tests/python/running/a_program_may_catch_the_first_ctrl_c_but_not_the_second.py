import time
says = 'started'
while True:
    try:
        while True:
            print(says, flush=True)
            time.sleep(1000)
    except KeyboardInterrupt:
        says = 'caught'
