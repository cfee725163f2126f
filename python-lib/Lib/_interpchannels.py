"""What interpreters would send each other objects by, in an older way. There is one interpreter, so that it refuses."""

from cloison import _native, _needs


class ChannelError(RuntimeError):
    """A channel that cannot be used."""


class ChannelNotFoundError(ChannelError):
    """A channel that does not exist."""


class ChannelClosedError(ChannelError):
    """A channel that has been closed."""


class ChannelEmptyError(ChannelError):
    """A channel with nothing in it."""


class ChannelNotEmptyError(ChannelError):
    """A channel with something in it."""


def list_all():
    """Return nothing."""
    return []


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.INTERPRETERS, """
    close create destroy get_channel_defaults get_count get_info list_interpreters recv release send send_buffer
"""))
