"""`concurrent.futures` on microprocesses.

Example:
    >>> from concurrent.futures import as_completed
    >>> from cloison.futures import Executor
    >>> with Executor(4) as executor:
    ...     for future in as_completed([executor.submit(render, page) for page in pages]):
    ...         print(future.result())
"""

from cloison._executor import BrokenWorker, Executor, Future

__all__ = ["BrokenWorker", "Executor", "Future"]
