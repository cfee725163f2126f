try:
    import helper
except ImportError:
    print('without')
