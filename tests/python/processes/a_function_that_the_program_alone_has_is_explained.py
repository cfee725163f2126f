import cloison

if __name__ == '__main__':

    def inner():
        pass

    cloison.spawn(inner, monitor=True)
    print(cloison.receive().reason.type)
