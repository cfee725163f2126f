import cloison
fake = cloison.capability('fake')
def error(f, *a, **k):
    try:
        f(*a, **k)
    except Exception as e:
        print(type(e).__name__ + ':', e)
        return e
    print('nothing was raised')
