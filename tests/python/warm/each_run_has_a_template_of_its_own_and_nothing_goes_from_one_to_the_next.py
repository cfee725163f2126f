import json, sys, random, cloison
print(hasattr(json, 'mark'), hash('text'), random.random())
json.mark = 1
