from . import deep

def helper():
    return 'helped'

def fail():
    raise ValueError('on purpose')
