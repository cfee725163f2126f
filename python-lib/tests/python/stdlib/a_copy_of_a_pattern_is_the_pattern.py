for value in (re.compile('a'), re.match('a', 'a')):
    print(copy.copy(value) is value, copy.deepcopy(value) is value, type(value).__dict__.get('__copy__'))
