"""`cloison.log`: records of `logging` in the application's log."""

import logging

class Handler(logging.Handler):
    dropped: int
    def __init__(self, capability: str = "log", level: int | str = 0) -> None: ...
