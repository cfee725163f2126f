# For tests/tests/files.rs: a script, or a module, that asks what it may do while it is imported.
import os

from cloison.futures import Executor

WHERE = (
    ("/seen", os.R_OK | os.X_OK), ("/seen", os.W_OK),
    ("/seen/text", os.F_OK), ("/seen/text", os.R_OK), ("/seen/text", os.W_OK), ("/seen/text", os.X_OK), ("/seen/none", os.F_OK),
    ("/data", os.R_OK | os.W_OK | os.X_OK), ("/log", os.W_OK), ("/log", os.R_OK),
    ("/etc/passwd", os.F_OK), ("/etc/passwd", os.R_OK), ("/etc", os.F_OK), ("/seen/../etc/passwd", os.R_OK),
)


def answers():
    return "".join("ny"[os.access(path, mode)] for path, mode in WHERE)


AT_IMPORT = answers()


def there(_):
    return AT_IMPORT, answers()


def main():
    print(AT_IMPORT, answers())
    for capabilities in (["files"], []):
        with Executor(max_workers=1, capabilities=capabilities) as executor:
            print(*[both for one in executor.map(there, [0]) for both in one])


if __name__ == "__main__":
    main()
