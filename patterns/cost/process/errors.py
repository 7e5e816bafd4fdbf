"""What can go wrong between this process and the ones it measures.

ProcessError
├── NotImportable   the server was given as a function that another interpreter cannot find
├── DidNotStart     the server ended, or stayed silent, before it had told its address
├── HasEnded        a server or a crowd of clients that should go on is gone
├── NotConnected    fewer clients are connected than were asked for
└── TookTooLong     what was waited for did not come in the time allowed
"""

from __future__ import annotations


class ProcessError(Exception):
    """The root of this module's errors."""


class NotImportable(ProcessError):
    """The server was given as a function that another interpreter cannot find by its name."""


class DidNotStart(ProcessError):
    """The server ended, or stayed silent, before it had told its address; its standard error is in the message."""


class HasEnded(ProcessError):
    """A process that should go on is gone; its standard error is in the message."""


class NotConnected(ProcessError):
    """Fewer clients are connected than were asked for; the message counts the reasons."""


class TookTooLong(ProcessError):
    """What was waited for did not come in the time allowed; the message says how much of it did."""
