import cloison, json
for _ in range(2):
    try:
        print('ok', cloison.capability('crimes').add(2, 3))
    except cloison.Error as error:
        print(type(error).__name__, error)
print(cloison.capability('libm').sqrt(16.0))
