import cloison
def main():
    print(cloison.capability('zlib').crc32(0, b'hello'))
    try:
        cloison.capability('own').one()
    except cloison.ZoneUnavailable as error:
        print(error.capability, error)
