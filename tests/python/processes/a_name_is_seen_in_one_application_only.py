import cloison
cloison.register('printer')
print(cloison.whereis('printer'), flush=True)
input()
