import cloison

print(cloison.capability("company").asks_other(7))
