import __main__, sys
print(__name__, __file__, sys.argv)
x = 1
print(__main__.x)
if __name__ == '__main__':
    print('as expected')
