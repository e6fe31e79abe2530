"""Services that call the API with tokens of their own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

ALL = ("user:read", "user:write", "trn_token:write", "identity:verify", "awards:write")
_numbers = count(1000)


@dataclass(frozen=True)
class Caller:
    """One service with a token."""

    app: Flask
    party: RelyingParty
    token: str

    @property
    def id(self) -> str:
        """The client's id."""
        return self.party.client_id

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        """One call with the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        sent = {"json": json} if json is not None else {}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **sent, **more)

    def get(self, path: str, **query: str) -> TestResponse:
        """Read something."""
        return self.call("GET", path, query_string=query)


def a_caller(app: Flask, *scopes: str, **values: Any) -> Caller:
    """A service with a token for these scopes; for all of them when none is named."""
    wanted = scopes or ALL
    party = a_relying_party(
        app,
        number=next(_numbers),
        redirect_uris=(),
        scopes=wanted,
        grant_types=("client_credentials",),
        **({"name": "Find a lost TRN"} | values),
    )
    answer = party.token({"grant_type": "client_credentials", "scope": " ".join(wanted)})
    assert answer.status == 200, answer.text
    return Caller(app, party, answer.json["access_token"])
