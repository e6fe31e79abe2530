"""An authorization request as it was sent, and what the checks understood of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Request

from identity_provider.domain.authentication import Acr
from identity_provider.models import AuthorizationRequest, Client
from identity_provider.services import subjects
from identity_provider.services.authorizations import NEEDS_PASSKEY, REQUEST_LIVES

# Parameters that are kept as sent because something later may want them.
KEPT_AS_SENT = (
    "acr_values",
    "claims_locales",
    "display",
    "registration_token",
    "session_id",
    "trn_token",
    "ui_locales",
)
# In the place of a user's id where a request names a subject that nobody has.
NOBODY = "nobody"


@dataclass(slots=True)
class SentRequest:
    """The parameters, each once, and the findings of the checks that ran so far."""

    parameters: Mapping[str, str]
    repeated: frozenset[str]
    now: datetime
    # Whether the parameters came from the client itself, beforehand (RFC 9126).
    was_pushed: bool = False
    # What the reference to them is known by, so that a reload finds the journey again.
    pushed_mark: str = ""
    # What stood beside a signed request object, which replaced it.
    beside: Mapping[str, str] | None = None
    client: Client | None = None
    # Set once it was compared with the registered ones; nothing is sent there before.
    redirect_uri: str | None = None
    response_mode: str = "query"
    scope: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    # Whom the request is about, by its id_token_hint or its claims parameter: the id of a user, or NOBODY.
    subject: str | None = None
    # Whether nothing but a passkey will do.
    needs_passkey: bool = False
    claims: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, request: Request, now: datetime) -> SentRequest:
        """From the query of a GET or the form of a POST; an empty value counts as absent (RFC 6749 3.1)."""
        values = request.form if request.method == "POST" else request.args
        repeated = frozenset(name for name, each in values.lists() if len(each) > 1)
        return cls({name: value for name, value in values.items() if value}, repeated, now)

    def get(self, name: str) -> str | None:
        """One parameter."""
        return self.parameters.get(name)

    def mean(self, subject: str) -> None:
        """Note whom the client means, by a subject that we gave it; one that we did not give means nobody.

        Raises InvalidRequestError when it named somebody else before.
        """
        user_id = subjects.user_known_as(self.registered, subject)
        meant = str(user_id) if user_id is not None else NOBODY
        if self.subject not in {None, meant}:
            raise InvalidRequestError("The request names two different people.")
        self.subject = meant

    def demand_one_of(self, classes: Collection[Acr]) -> None:
        """Note which classes of sign-in will do."""
        self.needs_passkey = self.needs_passkey or set(classes) == {Acr.PASSKEY}

    @property
    def registered(self) -> Client:
        """The client, for checks that run after it was found."""
        if self.client is None:
            raise ValueError("the client was not looked up yet")
        return self.client

    def accepted(self) -> AuthorizationRequest:
        """What is kept of a request that passed every check; not in the database yet."""
        client = self.registered
        kept: dict[str, Any] = {name: self.parameters[name] for name in KEPT_AS_SENT if name in self.parameters}
        if self.subject is not None:
            kept["subject"] = self.subject
        if self.pushed_mark:
            kept["pushed"] = self.pushed_mark
        if self.needs_passkey:
            kept[NEEDS_PASSKEY] = True
        if self.claims:
            kept["claims"] = self.claims
        return AuthorizationRequest(
            client_id=client.id,
            client=client,
            redirect_uri=self.redirect_uri,
            scope=self.scope,
            state=self.get("state"),
            nonce=self.get("nonce"),
            code_challenge=self.get("code_challenge"),
            response_mode=self.response_mode,
            prompt=" ".join(sorted(self.prompt)),
            max_age=self.max_age,
            login_hint=self.get("login_hint"),
            parameters=kept,
            created_at=self.now,
            expires_at=self.now + REQUEST_LIVES,
        )
