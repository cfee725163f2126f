import atexit, sys
atexit.register(print, 'bye')
sys.stdout.write('hello ')
