"""What may go wrong between a client and a server, each by its name."""

from enum import StrEnum


class Fault(StrEnum):
    """One thing that goes wrong with one request."""

    CUT_BEFORE = "cut before it is passed on"
    CUT_AFTER = "cut after it was passed on"
    CUT_BODY = "cut in the middle of the body"
    TRUNCATED = "body that ends early, of no told length"
    TOLD_LONGER = "body shorter than it is told to be"
    TOLD_SHORTER = "body longer than it is told to be"
    DELAYED = "late"
    SILENT = "never answered"
    DRIPPING = "a byte at a time"
    TLS_GARBAGE = "plain text where TLS begins"
    TLS_STRANGER = "certificate of a stranger"
    TOO_MANY = "429 with Retry-After"
    BAD_GATEWAY = "502, not passed on"
    BAD_GATEWAY_AFTER = "502, passed on"
    UNAVAILABLE = "503, not passed on"
    GATEWAY_TIMEOUT = "504, passed on"
    PAGE = "200 with a page of the gateway"


OF_CONNECTIONS = frozenset((Fault.TLS_GARBAGE, Fault.TLS_STRANGER))
"""Those that come before there is a request."""
NOT_PASSED_ON = OF_CONNECTIONS | {
    Fault.CUT_BEFORE,
    Fault.TOO_MANY,
    Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE,
    Fault.PAGE,
}
"""Those where the server never hears of the request."""
TIMED = frozenset((Fault.SILENT, Fault.DRIPPING))
"""Those that a client notices by its own clock."""
