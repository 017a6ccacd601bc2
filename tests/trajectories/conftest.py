"""What conversations share: pygeoapi, which takes a while to start, and the tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers.pygeoapi import pygeoapi
from tests.tokenizer import Tokenizer, open_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Iterator[Tokenizer | None]:
    with open_tokenizer() as tokenizer:
        yield tokenizer


@pytest.fixture(scope="session")
def pygeoapi_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Its base URL; started when the first conversation wants it."""
    urls: list[str] = []
    with ExitStack() as stack:

        def url() -> str:
            if not urls:
                urls.append(stack.enter_context(pygeoapi(tmp_path_factory.mktemp("pygeoapi"))))
            return urls[0]

        yield url
