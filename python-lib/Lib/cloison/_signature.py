"""Signatures of capabilities' functions, as `inspect` gives them."""


def signature(text):
    """Return the `inspect.Signature` that a text such as ``(source: Buffer, level: int = -1) -> bytes`` says."""
    import inspect

    namespace = {}
    exec(f"from __future__ import annotations\ndef function{text}: ...", namespace)
    return inspect.signature(namespace["function"])
