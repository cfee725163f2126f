import subprocess
print(subprocess.check_output(['tool', '-c', 'import os; print(os.getcwd(), os.listdir(), open("a").read()); open("b", "w").write("made")'], text=True))
print(subprocess.run(['tool', '-c', 'open("/etc/passwd")'], stderr=subprocess.DEVNULL).returncode)
