import importlib, sys, warnings
warnings.simplefilter('ignore')
for name in NAMES:
    try:
        module = importlib.import_module(name)
        assert module.__name__, name
    except BaseException as error:
        print(name, type(error).__name__, error, file=sys.stderr)
