import sys
code = sys.argv[1]
sys.exit(int(code) if code.isdigit() else None if code == 'None' else code)
