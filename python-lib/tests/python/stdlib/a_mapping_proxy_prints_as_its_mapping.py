import types
d = types.MappingProxyType({'a': 1})
print(d, repr(d), f'{d}')
class C: x = 1
print(str(C.__dict__).startswith('{'), repr(C.__dict__).startswith('mappingproxy('))
