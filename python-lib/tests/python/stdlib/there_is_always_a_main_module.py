import __main__, doctest, sys, unittest

def double(x):
    '''
    >>> double(2)
    4
    '''
    return 2 * x

class Test(unittest.TestCase):
    def test(self): pass

def main():
    print(__main__.__name__, doctest.testmod(sys.modules[__name__]))
    unittest.main(__name__, argv=['x'])
