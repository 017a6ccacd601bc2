"""Every parser of remote data. Whoever writes one adds it here: `test_rooms.py` finds code that none of these runs."""

from tests.parsers.documents import DOCUMENTS
from tests.parsers.endpoint import ENDPOINT
from tests.parsers.identity import IDENTITY

PARSERS = (*ENDPOINT, *DOCUMENTS, *IDENTITY)
