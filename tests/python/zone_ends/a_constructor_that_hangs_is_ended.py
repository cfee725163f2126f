import cloison
try:
    cloison.capability('crimes').add(2, 3)
except cloison.ZoneUnavailable as error:
    print(error)
