import late
print(late.X)
try:
    import nowhere
except ModuleNotFoundError as e:
    print(e)
