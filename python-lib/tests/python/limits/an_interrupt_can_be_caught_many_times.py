for n in range(60):
    try:
        print('ready', flush=True)
        while True: pass
    except KeyboardInterrupt:
        pass
print(n)
