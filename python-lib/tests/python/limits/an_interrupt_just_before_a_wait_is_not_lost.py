import cloison, sys, time
fake = cloison.capability('fake')
for n in range(TIMES):
    try:
        print('ready', flush=True)
        wait()
        while PRINTS: pass
    except KeyboardInterrupt:
        pass
print('all', n + 1)
