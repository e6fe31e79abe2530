"""One sign-in from authorization request to redirect, kept on the server and resumable."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.domain.prohibitions import Standing
from identity_provider.models.client import Client
from identity_provider.models.user import User


class AuthorizationRequest(Base):
    """A request that passed every check (OpenID Connect Core 3.1.2.1), as it was sent. Answered at most once."""

    __tablename__ = "authorization_requests"
    __table_args__ = (Index("ix_authorization_requests_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[str] = mapped_column(String(100), index=True)
    redirect_uri: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    nonce: Mapped[str | None] = mapped_column(Text)
    code_challenge: Mapped[str | None] = mapped_column(String(128))
    response_mode: Mapped[str] = mapped_column(String(20), default="query")
    prompt: Mapped[str] = mapped_column(String(100), default="")
    max_age: Mapped[int | None]
    login_hint: Mapped[str | None] = mapped_column(Text)
    # Everything else that was sent and means something later: ui_locales, acr_values, claims, trn_token …
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship(
        primaryjoin=lambda: foreign(AuthorizationRequest.client_id) == Client.id, lazy="joined"
    )

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes asked for."""
        return frozenset(self.scope.split())


class Journey(Base):
    """Where one person in one browser stands. The cookie holds only a secret that leads here.

    What is None was not answered yet; the journey's questions read nothing else.
    """

    __tablename__ = "journeys"
    __table_args__ = (Index("ix_journeys_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # Binds the journey to one browser: HMAC of the journey cookie's secret.
    browser_hmac: Mapped[bytes] = mapped_column(index=True)
    authorization_request_id: Mapped[UUID] = mapped_column(ForeignKey("authorization_requests.id"), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]

    email: Mapped[str | None] = mapped_column(String(320))
    # When they proved to be whom the journey is about, by a code to that address or by a key of the account; whether
    # the address itself was ever proved is for journey_standing.is_address_proved to say.
    email_proved_at: Mapped[datetime | None]
    shared_mailbox_accepted: Mapped[bool | None]
    # A second contact, if the person wants to give one; empty when they do not.
    mobile_number: Mapped[str | None] = mapped_column(String(20))
    mobile_proved_at: Mapped[datetime | None]
    first_name: Mapped[str | None] = mapped_column(String(200))
    middle_name: Mapped[str | None] = mapped_column(String(200))
    last_name: Mapped[str | None] = mapped_column(String(200))
    has_previous_names: Mapped[bool | None]
    previous_names: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    preferred_name: Mapped[str | None] = mapped_column(String(200))
    date_of_birth: Mapped[date | None]
    existing_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    existing_account_declined: Mapped[bool | None]
    # Which other account's address (the existing one's, or the holder's) was proved to be theirs too, and which
    # address that was: a proof of one account opens no other one.
    other_proved_id: Mapped[UUID | None]
    other_proved_address: Mapped[str | None] = mapped_column(String(320))
    has_nino: Mapped[bool | None]
    nino_encrypted: Mapped[bytes | None]
    has_trn: Mapped[bool | None]
    stated_trn: Mapped[str | None] = mapped_column(String(7))
    has_qts: Mapped[bool | None]
    training_provider: Mapped[str | None] = mapped_column(String(200))
    # What is asked before anybody is taken for a person without a record (domain/absence.py).
    further_answers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    # The last search for what is stated here was answered with nothing that resembles the person.
    nothing_near: Mapped[bool] = mapped_column(default=False, server_default=false())
    # A definite match made while the answers came in: it ends the questions, and is decided anew at the end.
    matched_trn: Mapped[str | None] = mapped_column(String(7))
    submissions: Mapped[int] = mapped_column(default=0)
    # The answers as they stand were sent off; changing one of them makes this None again.
    submitted_at: Mapped[datetime | None]
    # The account was made by this journey: until the person goes on, its facts follow the answers.
    made_user: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The record that was found is linked to this other account.
    trn_holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    no_access_to_holder: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The person saw that no record was found and chose to go on without one.
    went_on_at: Mapped[datetime | None]
    outcome_seen_at: Mapped[datetime | None]
    # The service asked which account it shall be (`prompt=select_account`): the one signed in here, or another.
    keeps_account: Mapped[bool | None]
    # The trip to GOV.UK One Login whose answer waits for the person to prove which account is theirs (no foreign key:
    # the trip points here).
    one_login_attempt_id: Mapped[UUID | None]
    # The browser said that its device can hold a passkey: only then is one offered.
    passkey_possible: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The person showed that they hold one, in this journey or before it in this session.
    passkey_proved_at: Mapped[datetime | None]
    # Why the service, which refuses people with a prohibition, was given no code.
    barred: Mapped[Standing | None]

    authorization_request: Mapped[AuthorizationRequest] = relationship(lazy="joined")
    user: Mapped[User | None] = relationship(foreign_keys=[user_id], lazy="joined")
    existing_account: Mapped[User | None] = relationship(foreign_keys=[existing_account_id])
    trn_holder: Mapped[User | None] = relationship(foreign_keys=[trn_holder_id])

    @property
    def client(self) -> Client:
        """The service that the person came from."""
        return self.authorization_request.client
