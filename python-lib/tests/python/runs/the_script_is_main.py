import sys, __main__
x = 1
print(__name__, __file__, __main__.x, sys.argv, __spec__, sys.executable == '/usr/local/bin/python3')
