"""A clock that `cloison.toml` sets, and randomness out of its seed: a run that is the same each time."""

import sys


def _replace(module, functions):
    """Put functions where others are, also where modules have taken those by their names."""
    for name, function in functions.items():
        before = getattr(module, name, None)
        setattr(module, name, function)
        for other in list(sys.modules.values()):
            names = getattr(other, "__dict__", {})
            for key in [key for key, value in list(names.items()) if value is before and before is not None]:
                names[key] = function


def clock(start, origin, rate):
    """Have `time` show `start` at `origin`, both in nanoseconds, and go `rate` millionths as fast as the machine's.

    Waiting is as long as ever: sleeps, timeouts and `time.monotonic` are of the machine's time. What this returns takes the
    place of what `datetime` has of its own.
    """
    import time

    import _cloison

    real = time.monotonic_ns
    plain = {name: getattr(time, name) for name in ("localtime", "gmtime", "asctime", "strftime", "clock_gettime", "clock_gettime_ns")}

    def time_ns():
        return start + (real() - origin) * rate // 1_000_000

    def seconds():
        return time_ns() / 1e9

    def localtime(seconds=None):
        return plain["localtime"](time_ns() / 1e9 if seconds is None else seconds)

    def gmtime(seconds=None):
        return plain["gmtime"](time_ns() / 1e9 if seconds is None else seconds)

    def asctime(t=None):
        return plain["asctime"](localtime() if t is None else t)

    def ctime(seconds=None):
        return plain["asctime"](localtime(seconds))

    def strftime(format, t=None):
        return plain["strftime"](format, localtime() if t is None else t)

    # CLOCK_REALTIME, that in coarser steps, that which wakes the machine, and that without leap seconds.
    shown = {0, 5, 8, 11}

    def clock_gettime(clk_id):
        return time_ns() / 1e9 if clk_id in shown else plain["clock_gettime"](clk_id)

    def clock_gettime_ns(clk_id):
        return time_ns() if clk_id in shown else plain["clock_gettime_ns"](clk_id)

    functions = {
        "time": seconds, "time_ns": time_ns, "localtime": localtime, "gmtime": gmtime, "asctime": asctime, "ctime": ctime,
        "strftime": strftime, "clock_gettime": clock_gettime, "clock_gettime_ns": clock_gettime_ns,
    }
    _functions.extend(functions.values())
    _replace(time, {
        name: _cloison.builtin(name, "time", getattr(time, name).__doc__ or "", function) for name, function in functions.items()
    })
    return _methods(time_ns)


def _methods(time_ns):
    import datetime

    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

    def moment():
        # Without a detour over a float, whose seconds would be too coarse for microseconds.
        return epoch + datetime.timedelta(microseconds=time_ns() // 1000)

    def of(cls, value):
        if cls is datetime.datetime:
            return value
        return cls(
            value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo,
            fold=value.fold,
        )

    def now(cls, tz=None):
        """Return the date and time of the clock, here or in a time zone."""
        if tz is not None and not isinstance(tz, datetime.tzinfo):
            raise TypeError(f"tzinfo argument must be None or of a tzinfo subclass, not type '{type(tz).__name__}'")
        here = moment().astimezone(tz)
        return of(cls, here.replace(tzinfo=None) if tz is None else here)

    def utcnow(cls):
        """Return the date and time of the clock in UTC."""
        return of(cls, moment().replace(tzinfo=None))

    def today(cls):
        """Return the date of the clock, here."""
        here = moment().astimezone()
        if issubclass(cls, datetime.datetime):
            return of(cls, here.replace(tzinfo=None))
        return cls(here.year, here.month, here.day)

    _functions.extend((now, utcnow, today))
    return {name: classmethod(function) for name, function in (("now", now), ("utcnow", utcnow), ("today", today))}


_functions = []


def randomness(seed, number):
    """Have all that is random come out of a seed, in a microprocess's own order: that of its number, 0 for a template."""
    import os
    import posix
    import random

    generator = random.Random(f"{seed}/{number}")
    plain = random.Random.seed
    if not hasattr(plain, "deterministic"):

        def seed_by(self, a=None, version=2):
            """Seed, by the next of what is random where nothing is given."""
            plain(self, a, version)
            if a is None:
                super(random.Random, self).seed(int.from_bytes(posix.urandom(32)))

        seed_by.deterministic = True
        seed_by.__name__, seed_by.__qualname__ = "seed", "Random.seed"
        random.Random.seed = seed_by
    import _cloison

    def urandom(size, /):
        """Return so many bytes."""
        if size < 0:
            raise ValueError("negative argument not allowed")
        return generator.randbytes(size)

    _functions.append(urandom)
    bytes_of = _cloison.builtin("urandom", "posix", "Return so many bytes, out of the seed.", urandom)
    posix.urandom = os.urandom = random._urandom = bytes_of
    if hasattr(posix, "getrandom"):
        posix.getrandom = os.getrandom = _cloison.builtin("getrandom", "posix", "The same.", lambda size, flags=0: urandom(size))
    random.seed(generator.getrandbits(256))
    from cloison import _boot

    for noted in _boot._unseeded:
        other = noted()
        if other is not None:
            super(random.Random, other).seed(generator.getrandbits(256))
            other.gauss_next = None
