import os, shutil
shutil.copy('/work/tool', '/work/mine')
os.chmod('/work/mine', 0o755)
for arguments in [['/work/mine'], ['/lib64/ld-linux-x86-64.so.2', '/work/mine']]:
    child = os.fork()
    if child == 0:
        try:
            os.execv(arguments[0], arguments)
        except OSError:
            os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
