import sys, os
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
import inner, pack.sub
print(inner.x, pack.sub.y, pack.sub.__file__)
