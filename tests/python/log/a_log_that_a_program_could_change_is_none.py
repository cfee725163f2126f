import cloison
try:
    cloison.capability('log')
except cloison.CapabilityDenied as error:
    print(error)
