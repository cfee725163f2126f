import cloison, time
zone = cloison.capability('crimes')
kinds = {'ZoneCrashed': 0, 'ZoneUnavailable': 0}
while kinds['ZoneUnavailable'] < 5:
    try:
        zone.segfault()
    except cloison.Error as error:
        kinds[type(error).__name__] += 1
        if isinstance(error, cloison.ZoneUnavailable):
            advice = str(error)
            time.sleep(0.1)
print(kinds, advice)
while True:
    try:
        print(zone.add(2, 3))
        break
    except cloison.ZoneUnavailable:
        time.sleep(0.1)
