"""Documents that another service publishes and that change seldom: fetched once, kept for as long as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic

from identity_provider.adapters.outbound import Answer
from identity_provider.ports import BrokerUnavailable

SHORTEST = 60.0
"""Not fetched more often, whatever it says and whoever names a key that is not in it (attack 56); seconds."""
LONGEST = 24 * 60 * 60.0
"""Not kept for longer, whatever it says: a key that was withdrawn must die; seconds."""
RETRY = 5.0
"""Not asked again so soon after it did not answer: nobody else waits for it in vain meanwhile; seconds."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?:[\s,]|\Z)")

Fetch = Callable[[], Answer]
Contains = Callable[[Mapping[str, object]], bool]


class PublishedDocument:
    """One JSON object, shared by the threads of this process.

    While it can not be fetched anew the old one is trusted, as One Login asks for, until it is a day old.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, object] | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._fresh_for = 0.0

    def get(self, contains: Contains = lambda _: True) -> dict[str, object]:
        """The document; fetched when it is stale or lacks what is wanted. Raises BrokerUnavailable without any."""
        kept = self._kept
        if kept is not None and self._age < self._fresh_for and contains(kept):
            return kept
        with self._lock:
            self._refresh(contains)
            if self._kept is None or self._age > LONGEST:
                raise BrokerUnavailable("what it publishes can not be had")
            return self._kept

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _refresh(self, contains: Contains) -> None:
        kept, now = self._kept, self._clock()
        if kept is not None and self._age < self._fresh_for and (contains(kept) or self._age < SHORTEST):
            return
        if self._tried_at is not None and now - self._tried_at < RETRY:
            return
        self._tried_at = now
        try:
            answer = self._fetch()
            read = json.loads(answer.body) if answer.status == 200 else None
        except (BrokerUnavailable, ValueError, RecursionError):
            return
        if isinstance(read, dict):
            self._kept, self._fetched_at, self._tried_at = read, now, None
            self._fresh_for = _lifetime(answer.headers.get("cache-control", ""))


def _lifetime(cache_control: str) -> float:
    """For how long it may be kept (RFC 9111 section 5.2.2.1), within bounds of ours."""
    said = _MAX_AGE.search(cache_control.lower())
    return min(max(float(said[1]) if said else SHORTEST, SHORTEST), LONGEST)
