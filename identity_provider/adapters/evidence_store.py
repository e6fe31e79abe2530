"""Where evidence lies: a directory of this machine, S3, Azure or Google, through obstore. What comes here is sealed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from identity_provider.ports import NotInStore, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

Answer = TypeVar("Answer")

_CLOUDS = ("AWS", "AZURE", "GOOGLE")
_OURS = re.compile(r"[0-9a-f]{2}/([0-9a-f]{32,64})")
_RETRIES: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}


class ObjectEvidence:
    """An EvidenceStore. `installation` keeps services that share a bucket out of each other's files."""

    def __init__(self, url: str, installation: str) -> None:
        self._url = url.rstrip("/")
        self._installation = re.sub(r"[^a-z0-9.-]", "-", installation.lower())

    def put(self, key: str, content: bytes) -> None:
        """Keep it. The directory's files are written under another name first, and a bucket takes all or nothing."""
        _answered(lambda: self._store.put(_path(key), content, use_multipart=False))

    def get(self, key: str) -> bytes:
        """What was put there. Raises NotInStore or StoreUnavailable."""
        return _answered(lambda: bytes(self._store.get(_path(key)).bytes()))

    def delete(self, key: str) -> None:
        """Forget it. Raises StoreUnavailable."""
        try:
            _answered(lambda: self._store.delete(_path(key)))
        except NotInStore:
            return

    def keys(self, *, before: datetime) -> Iterator[str]:
        """What has lain there since before this moment. What is not named as we name things is not ours."""
        store = _answered(lambda: self._store)
        listing = store.list()
        while batch := _answered(lambda: next(listing, None)):
            for each in batch:
                if (ours := _OURS.fullmatch(each["path"])) and each["last_modified"] < before:
                    yield ours[1]

    @cached_property
    def _store(self) -> ObjectStore:
        place = f"{self._url}/{self._installation}"
        if place.startswith("file:"):
            directory = Path(unquote(urlsplit(place).path))
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return LocalStore(directory)
        # Who names a client's options speaks for all of them: so its own variable is read here.
        plain = any(os.environ.get(f"{cloud}_ALLOW_HTTP", "").lower() == "true" for cloud in _CLOUDS)
        options: ClientConfig = {"timeout": "20s", "connect_timeout": "3s", "allow_http": plain}
        return from_url(place, client_options=options, retry_config=_RETRIES)


def _path(key: str) -> str:
    return f"{key[:2]}/{key}"


def _answered(ask: Callable[[], Answer]) -> Answer:
    """The store's answer. What it says of itself stays out of the message: it may hold addresses and signatures."""
    try:
        return ask()
    except (NotFoundError, FileNotFoundError) as missing:
        raise NotInStore from missing
    except (BaseError, OSError, ValueError) as silence:
        raise StoreUnavailable(f"the store does not answer: {type(silence).__name__}") from silence
