import cloison
def main():
    print(cloison.capability('libm').sqrt(9.0))
