import sys

import cloison


def main():
    print(cloison.capability("reader").copy(sys.argv[1], sys.argv[2]))


if __name__ == "__main__":
    main()
