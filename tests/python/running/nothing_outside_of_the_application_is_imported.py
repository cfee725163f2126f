try:
    import outside
    print('imported')
except ImportError as error:
    print(type(error).__name__)
