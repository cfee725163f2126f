for _ in range(1000):
    try:
        import outside
    except ImportError:
        pass
