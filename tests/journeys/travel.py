"""A person on their way through a sign-in: begins journeys, reads codes from the outbox, answers questions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import AuthorizationRequest, Client, CodeChallenge, Journey, OutboxMessage, User
from identity_provider.services import journeys, sign_in_codes
from tests.builders import a_client
from tests.kit.page import Browser, Page

EMAIL = "kate@example.com"
BORN = date(1985, 3, 4)
TOKEN = "b" * 43


def a_request(client: Client | None = None, **values: Any) -> AuthorizationRequest:
    """A checked authorization request of a service that asks for a TRN."""
    now = ports().clock.now()
    client = client or a_client()
    request = AuthorizationRequest(
        **{
            "client_id": client.id,
            "redirect_uri": client.redirect_uris[0],
            "scope": "openid profile email trn",
            "state": "xyz",
            "created_at": now,
            "expires_at": now + timedelta(hours=2),
        }
        | values
    )
    with transaction():
        db.session.add(request)
    return request


class Traveller(Browser):
    """One person in one browser; `set_out` puts them on the first page of a journey."""

    def __init__(self, app: Flask, secret: str = TOKEN) -> None:
        super().__init__(app)
        self.secret = secret
        self.client.set_cookie("browser", secret)
        self.journey_id = UUID(int=0)

    def set_out(self, client: Client | None = None, **request: Any) -> Page:
        """Come from a service."""
        asked = a_request(client, **request)
        with transaction():
            self.journey_id = journeys.begin(asked, self.secret, ports().clock.now()).id
        return self.get(f"/sign-in/{self.journey_id}")

    @property
    def journey(self) -> Journey:
        """The journey's row as it is now."""
        db.session.rollback()
        return db.session.get_one(Journey, self.journey_id, populate_existing=True)

    @property
    def answer_path(self) -> str:
        """Where a finished journey leads."""
        return f"/connect/authorize/{self.journey.authorization_request_id}/answer"

    def step(self, name: str) -> str:
        """The address of a page of this journey."""
        return f"/sign-in/{self.journey_id}/{name}"

    def prove(self, email: str = EMAIL) -> Page:
        """Give the address and the code that was sent to it."""
        self.submit(email=email)
        return self.submit(code=newest_code(email, self.journey_id))

    def prove_again(self) -> Page:
        """Enter the code that was sent because the session ended."""
        return self.submit(code=newest_code(self.journey.email or ""))

    def say_who(self, first: str = "Kate", last: str = "Bush", born: date = BORN, previous: str | None = None) -> Page:
        """Answer name, previous names, preferred name and date of birth."""
        self.submit(first_name=first, last_name=last)
        self.submit(changed="yes", previous_last_name=previous) if previous else self.submit(changed="no")
        self.submit(choice="short")
        return self.submit(date_of_birth=born)

    def say_more(
        self, nino: str | None = None, trn: str | None = None, qts: str = "no", provider: str | None = None
    ) -> Page:
        """Answer what is still asked about the record."""
        steps: list[tuple[str, dict[str, str]]] = [
            ("national-insurance-number", {"has": "yes", "number": nino} if nino else {"has": "no"}),
            ("teacher-reference-number", {"has": "yes", "number": trn} if trn else {"has": "no"}),
            ("qualified-teacher-status", {"has_qts": qts}),
            ("where-you-trained", {"training_provider": provider or ""}),
            ("other-names", {"other_names": "no"}),
            ("teacher-training", {"training": "no"}),
            ("work-in-schools", {"work": "assistant"}),
        ]
        for name, fields in steps:
            if self.here.path == self.step(name):
                self.submit(**fields)
        return self.here

    def check(self) -> Page:
        """Send the answers off."""
        assert self.here.path == self.step("check-answers"), repr(self.here)
        return self.submit()

    @property
    def here(self) -> Page:
        """The page that the browser stands on."""
        assert self.page is not None
        return self.page


def newest_code(address: str, journey_id: UUID | None = None) -> str:
    """The code in the newest email to an address (of one journey), as the worker would write it."""
    db.session.rollback()
    messages = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind == sign_in_codes.EMAIL_KIND, OutboxMessage.recipient == address)
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.payload["counter"].astext.desc())
    )
    for message in messages:
        challenge = db.session.get_one(CodeChallenge, UUID(message.payload["challenge_id"]))
        code = sign_in_codes.code_to_write(challenge.id, int(message.payload["counter"]), now=ports().clock.now())
        if code is not None and journey_id in (None, challenge.subject_id):
            return code
    raise AssertionError(f"no code that can be used was sent to {address}")


def wrong_code(address: str) -> str:
    """A code that is none of those sent."""
    return str((int(newest_code(address)) + 1) % 1_000_000).zfill(6)


def codes_sent_to(address: str) -> int:
    """How many codes were posted to an address."""
    return count_of(OutboxMessage, OutboxMessage.recipient == address, OutboxMessage.kind == "sign_in_code")


def count_of(model: type[Any], *conditions: Any) -> int:
    """How many rows there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def user_at(email: str) -> User:
    """The one live account of an address, as it is now."""
    db.session.rollback()
    return db.session.scalars(
        select(User).where(User.email == email, User.merged_into_id.is_(None)).execution_options(populate_existing=True)
    ).one()
