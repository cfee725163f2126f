"""Files of a root that lie where Python itself would."""

import os

for folder in ("bin", "lib/rustpython3.14t"):
    with open(f"/usr/local/{folder}/mine") as file:
        print(file.read(), os.listdir(f"/usr/local/{folder}"))
    with open(f"/usr/local/{folder}/new", "w") as file:
        file.write("written")
with open("/usr/local/bin/new") as file:
    print(file.read())
