import warnings; warnings.simplefilter('ignore')
import importlib
for name in NAMES:
    try:
        importlib.import_module(name)
        print(name, 'yes')
    except ImportError as error:
        print(name, 'no')
