import inspect, statistics, space.inner, latin

def main():
    print(space.inner.NAME, list(space.__path__), statistics.MINE, latin.TEXT)
    print(inspect.getsource(main).splitlines()[0])
