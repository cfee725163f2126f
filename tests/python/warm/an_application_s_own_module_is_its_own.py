import NAME


def main():
    print(NAME.name)
