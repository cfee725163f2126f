import sys

import cloison

print(cloison.capability("reader").look(sys.argv[1]))
