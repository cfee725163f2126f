import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
        print(name, 'IMPORTED')
    except ImportError as error:
        print(name, type(error).__name__, error)
