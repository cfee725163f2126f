"""A native module that lies beside the program, by `import` and by the loader itself."""

import importlib.machinery
import importlib.util

try:
    import fast
except ImportError as error:
    print("import:", type(error).__name__)
loader = importlib.machinery.ExtensionFileLoader("fast", "fast.so")
spec = importlib.util.spec_from_file_location("fast", "fast.so", loader=loader)
try:
    importlib.util.module_from_spec(spec)
except Exception as error:
    print("loader:", type(error).__name__)
