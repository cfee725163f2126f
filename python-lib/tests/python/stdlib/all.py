import _imp, importlib, sys, warnings
warnings.simplefilter("ignore")
names = {name.replace("_frozen", "") for name in set(_imp._frozen_module_names()) | set(sys.builtin_module_names)}
names.update(("os.path", "collections.abc"))
for name in sorted(names):
    parts = name.split(".")
    if any(part.startswith("_") and part != "__future__" for part in parts) or parts[0] in ("antigravity", "this", "cloison"):
        continue
    if name.startswith("encodings") and name != "encodings" or "idlelib" in name:
        continue
    try:
        importlib.import_module(name)
    except ImportError:
        print("no", name)
    else:
        print("yes", name)
