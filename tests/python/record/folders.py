import os
import sys

os.makedirs("/data/new/deep", exist_ok=True)
with open("/data/new/deep/a", "w") as file:
    file.write("a")
os.remove("/data/new/deep/a")
os.rmdir("/data/new/deep")
os.rmdir("/data/new")
print(os.path.exists("/data/none"), os.listdir("/data/in"), open("/data/in/link/text.txt").read())
os.rename("/data/one/a", "/data/two/a")
os.rename("/data/two/a", "/data/one/a")
if len(sys.argv) > 1:
    open("/data/other/text.txt").read()
