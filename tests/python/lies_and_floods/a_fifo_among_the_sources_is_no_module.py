try:
    import pipe
except ImportError:
    print('refused')
