import os, zoneinfo

THERE = os.path.exists('/nowhere/at all')


def main():
    print(THERE, zoneinfo.ZoneInfo('Europe/Zurich'))
