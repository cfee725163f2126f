import _cloison
try:
    _cloison.find('.' * (60 << 20))
except ImportError:
    print('refused')
import json
print(_cloison.find('nothing'))
