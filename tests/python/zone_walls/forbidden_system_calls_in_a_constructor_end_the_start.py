import cloison
try:
    walls = cloison.capability('walls')
    print('started', walls.early_attempt(0))
except cloison.ZoneUnavailable as error:
    print('ZoneUnavailable', error)
