import cloison
def main():
    cloison.capability('libm').sqrt(2.0)
    print('started', flush=True)
    cloison.capability('loop').forever()
