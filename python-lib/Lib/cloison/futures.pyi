"""`cloison.futures`: a `concurrent.futures.Executor` whose tasks are microprocesses."""

import concurrent.futures
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, Unpack

from cloison import Process, Reason, _Limits

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

class BrokenWorker(concurrent.futures.BrokenExecutor):
    process: Process | None
    reason: Reason | None

class Future(concurrent.futures.Future[_Result]): ...

class Executor(concurrent.futures.Executor):
    def __init__(
        self,
        max_workers: int | None = None,
        *,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        max_tasks_per_child: int | None = None,
        capabilities: Iterable[Any] | None = None,
        profile: str | None = None,
        **limits: Unpack[_Limits],
    ) -> None: ...
    def submit(self, function: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> Future[_Result]: ...
