import os, sys
sys.stdin.close()
print('fine')
