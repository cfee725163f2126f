"""What the modules are made of that stand for CPython's native ones: functions and classes that refuse.

CPython's own `socket`, `ssl`, `subprocess`, … are defined on top of them, unchanged, and programs compare their constants, catch their
exceptions and derive from their classes. What would take the operating system is refused here, in Python, before anything is asked of it.
"""

from cloison import _needs


def functions(module, need, names):
    """Return a dictionary of functions that refuse."""
    return {name: _needs.denied(name, module, need) for name in names.split()}


def refused(module, name, need, doc=None, base=object, methods=""):
    """Return a class that programs may derive from, and that no object can be made of."""

    def __new__(cls, *args, **kwargs):
        _needs.deny(f"{module.removeprefix('_')}.{name}()", need, *args)

    namespace = {"__slots__": (), "__new__": __new__, "__module__": module, "__doc__": doc or f"Refuse: {need}."}
    namespace.update((method, refusing_method(module, name, method, need)) for method in methods.split())
    return type(base)(name, (base,), namespace)


def refusing_method(module, name, method, need):
    """Return a method that refuses."""
    def refuse(self, *args, **kwargs):
        _needs.deny(f"{module.removeprefix('_')}.{name}.{method}()", need, *args)

    refuse.__name__, refuse.__qualname__, refuse.__module__ = method, f"{name}.{method}", module
    return refuse


def structure(module, name, fields, hidden=""):
    """Return a class of tuples whose items have names, `-` for those without; what is `hidden` has a name alone, and may be missing."""
    fields, hidden = fields.split(), hidden.split()
    count = len(fields)

    def __new__(cls, sequence, dict={}):
        values = tuple(sequence)
        if not count <= len(values) <= count + len(hidden):
            raise TypeError(f"{module}.{name}() takes a {count}-sequence ({len(values)}-sequence given)")
        self = tuple.__new__(cls, values[:count])
        self._hidden = {**dict, **{key: value for key, value in zip(hidden, values[count:])}}
        return self

    def __repr__(self):
        return f"{module}.{name}({', '.join(f'{key}={value!r}' for key, value in zip(fields, self) if key != '-')})"

    def __reduce__(self):
        return type(self), (tuple(self), self._hidden)

    def item(index):
        return property(lambda self: self[index])

    namespace = {
        "__module__": module, "__new__": __new__, "__repr__": __repr__, "__reduce__": __reduce__,
        "__match_args__": tuple(key for key in fields if key != "-"),
        "n_sequence_fields": count, "n_fields": count + len(hidden), "n_unnamed_fields": fields.count("-"),
    }
    namespace.update((key, item(index)) for index, key in enumerate(fields) if key != "-")
    namespace.update((key, property(lambda self, key=key: self._hidden.get(key))) for key in hidden)
    return type(name, (tuple,), namespace)


def name(text, function):
    """Return a name that a function takes, if it can be one."""
    if not isinstance(text, str):
        raise TypeError(f"{function}() argument must be str, not {type(text).__name__}")
    text.encode()
    if "\0" in text:
        raise ValueError("embedded null byte")
    return text


_both = {}


def refusal(error):
    """Return `HostDenied` that is also the error which a module raises of its own, so that who expects that one is not surprised."""
    if error not in _both:
        from cloison._errors import HostDenied

        _both[error] = type("HostDenied", (HostDenied, error), {"__module__": "cloison"})
    return _both[error]


def failing_functions(module, need, error, names):
    """Return a dictionary of functions that refuse with `refusal(error)`."""
    import _cloison

    def refuse(what, /, *args, **kwargs):
        raise refusal(error)(f"{what}: {need}")

    def function(name):
        what = f"{module.removeprefix('_')}.{name}()"
        return _cloison.builtin(name, module, f"Raise `cloison.HostDenied`: {need}.", refuse, (what,))

    return {name: function(name) for name in names.split()}


def as_builtins(namespace, module):
    """Make builtin functions of a module's Python functions: they do not become methods where they stand in a class."""
    import _cloison

    functions = [
        function for name, function in namespace.items()
        if type(function) is type(as_builtins) and function.__module__ == module and not name.startswith("__")
    ]
    # They stay where they are seen from: who shares the module's memory shares theirs.
    namespace["_functions"] = tuple(functions)
    for function in functions:
        namespace[function.__name__] = _cloison.builtin(function.__name__, module, function.__doc__ or "", function)
