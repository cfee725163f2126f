

# Behind a program that makes attempts, and a line with its list: they are made while it is imported.
sys.argv = ["", ATTEMPTS]
main()


def done():
    pass
