import cloison, sys
print(cloison.capability('libm').sqrt(16.0), flush=True)
sys.stdin.read()
