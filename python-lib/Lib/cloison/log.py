"""Records of `logging` in the application's log.

    import logging

    import cloison.log

    logging.getLogger().addHandler(cloison.log.Handler())
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("shop").info("sold", extra={"pieces": 3})

Each becomes one line of JSON, which the capability `log` of cloison.toml leads to: a file, or standard error. When it was and which process
has written it, the service says that writes it.
"""

import json
import logging

import _cloison

from cloison import _errors

__all__ = ["Handler"]

#: The longest texts in bytes; what is longer is cut off.
_LOGGER, _MESSAGE, _EXCEPTION, _FIELDS = 1024, 32 << 10, 64 << 10, 32 << 10
_CUT = "… (cut off)".encode()
#: What a record has by itself; everything else is a field.
_OWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class Handler(logging.Handler):
    """Writes records by a capability.

    The text is the formatter's, without one the message alone; the exception and the stack stand beside it. What `extra` gives becomes
    fields: text, numbers, truth values, None, and lists and dictionaries of them; of anything else its text.

    A record that cannot be written (`rate` of the capability is used up, its fields cannot be told) raises nothing: it is counted in `dropped`,
    and the next one that is written says how many there were, however long its own fields are. What the service cannot write (the disk is
    full) the service counts, and its next record says so.

    Args:
        capability: the name of the capability, which has ``zone = "log"``.
        level: as of every handler; what the capability's own `level` leaves out is not written either.

    Raises:
        CapabilityDenied: when the first record is written: the application does not have the capability.
    """

    def __init__(self, capability="log", level=logging.NOTSET):
        super().__init__(level)
        self._name = capability
        self._write = None
        #: How many records have not been written since the latest one that was.
        self.dropped = 0

    def emit(self, record):
        """Write a record."""
        if self._write is None:
            self._write = _cloison.capability(self._name).write
        try:
            written = self._texts(record)
        except Exception:
            self.dropped += 1
            self.handleError(record)
            return
        try:
            self._write(max(0, min(record.levelno, 1000)), *written)
            self.dropped = 0
        except OSError:
            # The service counts it.
            pass
        except (_errors.QuotaExceeded, _errors.ZoneUnavailable, _errors.ZoneCrashed, _errors.DeadlineExceeded):
            self.dropped += 1

    def _texts(self, record):
        message = self.formatter.formatMessage(self._prepared(record)) if self.formatter else record.getMessage()
        fields = {name: value for name, value in record.__dict__.items() if name not in _OWN}
        return (
            _bytes(record.name, _LOGGER),
            _bytes(message, _MESSAGE),
            _bytes(_trouble(record), _EXCEPTION) or None,
            _json(fields, {"dropped": self.dropped} if self.dropped else {}),
        )

    def _prepared(self, record):
        record.message = record.getMessage()
        if self.formatter.usesTime():
            record.asctime = self.formatter.formatTime(record, self.formatter.datefmt)
        return record


def _trouble(record):
    """Return the traceback and the stack of a record, or an empty text."""
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(_formatter.formatException(record.exc_info))
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(_formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _bytes(text, most):
    encoded = str(text).encode("utf-8", "backslashreplace")
    if len(encoded) > most:
        encoded = encoded[: most - len(_CUT)].decode("utf-8", "ignore").encode() + _CUT
    return encoded


def _json(fields, own):
    """Return fields as the service takes them, and own ones behind them, or None; a program's that are too much are told by their names."""
    plain = {str(name): _plain(value, 1) for name, value in fields.items()}
    text = json.dumps(plain | own).encode()
    if len(text) > _FIELDS:
        text = json.dumps({"too long": _bytes(", ".join(plain), 1024).decode()} | own).encode()
    return text if plain or own else None


def _plain(value, depth):
    if value is None or type(value) in (bool, int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return value
    if depth < 14 and isinstance(value, (list, tuple)):
        return [_plain(one, depth + 1) for one in value]
    if depth < 14 and isinstance(value, dict):
        return {str(name): _plain(one, depth + 1) for name, one in value.items()}
    return str(value)


_formatter = logging.Formatter()
