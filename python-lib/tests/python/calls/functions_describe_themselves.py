import inspect
print(fake, fake.add.__name__, fake.add.__qualname__, inspect.signature(fake.add), callable(fake.add))
print(fake.add.__doc__.splitlines()[0])
print(fake.__doc__.splitlines()[0])
print(cloison.capability.__name__)
