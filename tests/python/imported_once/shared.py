import secrets

IMPORT = secrets.token_hex(8)


def tells_import(to):
    to.send(IMPORT)


def import_of_a_process():
    spawn(tells_import, cloison.self())
    return receive(str, timeout=300)


if __name__ == '__main__':
    sys.stdout.flush()
    while import_of_a_process() != import_of_a_process():
        pass
    main()
