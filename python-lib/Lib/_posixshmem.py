"""What CPython's `multiprocessing` shares memory with. It refuses."""

from cloison import _native, _needs

globals().update(_native.functions(__name__, _needs.MEMORY, "shm_open shm_unlink"))
