import cloison

vault = cloison.capability("vault")


def main():
    vault.open_vault("/data/keys/a", "hunter2", "r")
    vault.open_vault("/data/keys/b", "hunter3", "w")
    try:
        vault.crash(3)
    except cloison.ZoneCrashed:
        print("crashed")


if __name__ == "__main__":
    main()
