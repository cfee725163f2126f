import sys
for text in sys.argv[1:]:
    try:
        print('REACHED', text, repr(eval(text)))
    except Exception as error:
        print('failed', text, type(error).__name__, error)
