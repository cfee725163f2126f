"""Limits and use of the machine's resources, which a microprocess does not see."""

from cloison import _native, _needs

error = OSError
struct_rusage = _native.structure(
    "resource", "struct_rusage",
    "ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock ru_oublock ru_msgsnd ru_msgrcv "
    "ru_nsignals ru_nvcsw ru_nivcsw",
)

globals().update(
    RLIMIT_AS=9, RLIMIT_CORE=4, RLIMIT_CPU=0, RLIMIT_DATA=2, RLIMIT_FSIZE=1, RLIMIT_MEMLOCK=8, RLIMIT_MSGQUEUE=12,
    RLIMIT_NICE=13, RLIMIT_NOFILE=7, RLIMIT_NPROC=6, RLIMIT_OFILE=7, RLIMIT_RSS=5, RLIMIT_RTPRIO=14,
    RLIMIT_RTTIME=15, RLIMIT_SIGPENDING=11, RLIMIT_STACK=3, RLIM_INFINITY=-1, RUSAGE_CHILDREN=-1, RUSAGE_SELF=0,
    RUSAGE_THREAD=1,
)


def getpagesize():
    """Return how large a page of memory is."""
    return 4096


def getrlimit(resource, /):
    """Return that no limit is known. What is in force is the broker's: `[limits]` in cloison.toml."""
    if not 0 <= resource <= 15:
        raise ValueError("invalid resource specified")
    return RLIM_INFINITY, RLIM_INFINITY  # noqa: F821 (it is in the table)


def getrusage(who, /):
    """Return the processor time of this process, and 0 for whatever is not known."""
    import time

    if who not in (-1, 0, 1):
        raise ValueError("invalid who parameter")
    return struct_rusage((time.process_time() if who >= 0 else 0.0, 0.0, *[0] * 14))


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.USERS, "prlimit setrlimit"))
