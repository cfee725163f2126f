import copy, pickle
for f in (cloison.Capability, lambda: object.__new__(cloison.Capability), lambda: copy.copy(fake), lambda: copy.deepcopy(fake),
    lambda: pickle.dumps(fake), lambda: copy.copy(fake.add), lambda: pickle.dumps(fake.add), cloison.Function, lambda: type('X', (cloison.Capability,), {}),
    lambda: setattr(cloison.Capability, 'x', 1)):
    try: f()
    except TypeError: print('no')
    else: print('yes!', f)
