import cloison

try:
    cloison.capability("zlb")
except cloison.CapabilityDenied as error:
    print(error)
