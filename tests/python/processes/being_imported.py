# For tests/tests/processes.rs: without `if __name__ == "__main__"` each child would start a child.
import cloison


def works():
    pass


print(f"{__name__} begins", flush=True)
cloison.spawn(works)
print("never")
