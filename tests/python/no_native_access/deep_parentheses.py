try:
    eval('(' * 100000 + ')' * 100000)
except BaseException:
    print('survived')
