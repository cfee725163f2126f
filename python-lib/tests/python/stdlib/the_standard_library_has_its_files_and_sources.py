import inspect, json, json.decoder, linecache, os, sysconfig, codecs, cloison
print(inspect.getsource(json.dumps).splitlines()[0])
print(inspect.getsource(json.decoder).splitlines()[0])
print(inspect.getsource(json.decoder.JSONDecoder).splitlines()[0])
print(inspect.getsource(inspect.getsource).splitlines()[0])
folder = sysconfig.get_path('stdlib')
for module in (json, json.decoder, os, codecs, cloison, inspect):
    assert module.__file__.startswith(folder + '/') and module.__file__.endswith('.py'), module
    assert inspect.getsourcefile(module) == module.__file__ and inspect.getsource(module)
print(json.__file__.removeprefix(folder), json.dumps.__code__.co_filename == json.__file__, json.__path__ == [folder + '/json'])
print(codecs.lookup.__name__, codecs.getwriter.__code__.co_filename == codecs.__file__)
