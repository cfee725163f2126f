"""The capability `sqlite3`: its functions, whose ends are errors of the DB-API."""

import _cloison
import cloison
from cloison import _errors, _needs
from . import errors

#: What says that the zone is gone, or this connection in it. What was not granted is another matter, and stays what it is.
LOST = _errors.DeadlineExceeded, _errors.Revoked, _errors.StaleHandle, _errors.ZoneCrashed, _errors.ZoneUnavailable


class Zone:
    """The functions of the zone."""

    def __init__(self, capability):
        self._capability = capability
        # Those of each statement, whose callers look after their ends.
        self.execute, self.execute_many, self.fetch = capability.execute, capability.execute_many, capability.fetch

    def __getattr__(self, name):
        found = getattr(self._capability, name)
        if isinstance(found, type):
            return found

        def call(*args):
            try:
                return found(*args)
            except LOST as error:
                raise errors.lost(error) from error

        setattr(self, name, call)
        return call


_zone = None


def zone(place=b""):
    """Return the one of this process, for a database at that place."""
    global _zone
    if _zone is None:
        try:
            _zone = Zone(cloison.capability("sqlite3"))
        except _errors.CapabilityDenied:
            _cloison.lacks("sqlite3", place.decode("utf-8", "replace"), True)
            _needs.deny("sqlite3.connect()", _needs.SQLITE)
    return _zone
