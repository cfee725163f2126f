import cloison
import os

print(len(os.environ))
cloison.capability('env').get('x')
