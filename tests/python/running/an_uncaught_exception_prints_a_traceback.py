def divide(a, b):
    return a / b  # here

print('before')
divide(1, 0)
