import pickle
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    assert pickle.loads(pickle.dumps([object.__init__, int.__add__], protocol)) == [object.__init__, int.__add__]
try: object.__init__.__reduce_ex__(2)
except TypeError: print('still')
