"""What CPython's `multiprocessing` shares semaphores with. It refuses."""

from cloison import _native, _needs

flags = {"HAVE_SEM_OPEN": 1, "HAVE_SEM_TIMEDWAIT": 1, "HAVE_FD_TRANSFER": 1}

SemLock = _native.refused("_multiprocessing", "SemLock", _needs.PROCESSES)
SemLock.SEM_VALUE_MAX = 2147483647
SemLock._rebuild = classmethod(lambda cls, *state: cls(*state))

globals().update(_native.functions(__name__, _needs.PROCESSES, "sem_unlink"))
