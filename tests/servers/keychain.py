"""A keychain in memory, through the library's own interface."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Keychain(KeyringBackend):
    priority = 5  # type: ignore[assignment]
    name = "test keychain"  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False
        self.reads = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        if self.locked:
            raise KeyringLocked
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked
        assert len(password.encode("utf-16-le")) <= 2560, "what the Credential Manager of Windows takes"
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError
        del self.entries[service, username]


@pytest.fixture
def keychain() -> Iterator[Keychain]:
    before, keychain = keyring.get_keyring(), Keychain()
    keyring.set_keyring(keychain)
    yield keychain
    keyring.set_keyring(before)
