"""What we tell relying services, and what we fetch from them, at addresses that they registered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from identity_provider.adapters.outbound import SECONDS_TO_ANSWER, Outbound, Request
from identity_provider.ports import ServiceRefused, ServiceReply, ServiceUnavailable

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*"}
SECONDS_FOR_A_MESSAGE = 30.0
_EXCERPT = 300
_MESSAGE = {"Content-Type": "application/json", "Accept": "*/*"}
_JSON = {"Accept": "application/jwk-set+json, application/json"}


class RelyingServices:
    """A ServiceCaller; see outbound.py for what it does not call."""

    def __init__(
        self,
        *,
        may_call_ourselves: bool = False,
        timeout: float = SECONDS_TO_ANSWER,
        patience: float = SECONDS_FOR_A_MESSAGE,
    ) -> None:
        self._outbound = Outbound(may_call_ourselves=may_call_ourselves)
        self._seconds = timeout
        self._patience = patience

    def post_form(self, uri: str, form: Mapping[str, str]) -> None:
        """Post a form and take any 2xx for a yes. Raises ServiceUnavailable or ServiceRefused."""
        body = urlencode(form).encode()
        _judge(self._outbound.call(Request("POST", uri, _FORM, body, seconds=self._seconds)).status)

    def fetch_json(self, uri: str) -> object:
        """What a JSON document there holds. Raises ServiceUnavailable or ServiceRefused."""
        answer = self._outbound.call(Request("GET", uri, _JSON, seconds=self._seconds))
        _judge(answer.status)
        if answer.status != 200:
            raise ServiceRefused(f"it answered {answer.status}")
        try:
            read: object = json.loads(answer.body)
        except (ValueError, RecursionError) as broken:
            raise ServiceRefused("the answer is not JSON") from broken
        return read

    def post_message(self, uri: str, headers: Mapping[str, str], body: bytes) -> ServiceReply:
        """Post a webhook message; every status is an answer. Raises ServiceUnavailable or ServiceRefused."""
        request = Request("POST", uri, _MESSAGE | dict(headers), body, seconds=self._patience, largest=1_000_000)
        answer = self._outbound.call(request)
        asked = answer.headers.get("retry-after", "")
        wait = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else None
        return ServiceReply(answer.status, wait, _beginning_of(answer.body))


def _beginning_of(body: bytes) -> str:
    """What people can read of the answer's first bytes, on one line."""
    text = body[: 4 * _EXCERPT].decode("utf-8", "replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_EXCERPT]


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if status in {408, 425, 429} or status >= 500:
        raise ServiceUnavailable(f"it answered {status}")
    raise ServiceRefused(f"it answered {status}")
