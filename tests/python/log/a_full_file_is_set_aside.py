import cloison
log = cloison.capability('log')
for number in range(3000):
    log.write(20, b'', b'x' * 100)
