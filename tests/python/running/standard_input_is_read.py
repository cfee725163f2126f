import sys
name = input()
rest = sys.stdin.read()
print(name, len(rest), rest.count('\n'))
print(sys.stdin.read() == '')
