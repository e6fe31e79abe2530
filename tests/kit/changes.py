"""Requests for changes, as tests find them: submitted, with evidence that was found to be clean."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.change_requests import ChangeKind, ChangeReason
from identity_provider.domain.values import PersonName
from identity_provider.kit.app import ports
from identity_provider.models import ChangeRequest, User
from identity_provider.services import change_evidence, change_requests, evidence
from tests.builders import a_user
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.page import Browser, Page

NAME = "/account/changes/name"
REVIEWER = (StaffRole.REVIEWER,)
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGCAIAAAB1kpiRAAAAFElEQVR4nGM8ISfHgBsw4ZEbYGkAwKABEOrItmQAAAAASUVORK5CYII="
)
"""Six rows of ten pixels."""
INFECTED = PICTURE + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


def kate() -> User:
    """Who asks in most tests."""
    return a_user(email=EMAIL, last_name="Bush")


def signed_in(app: Flask, email: str = EMAIL) -> Browser:
    """A browser in which the person of this address is signed in to their account."""
    person = Browser(app)
    person.get("/account/sign-in")
    person.submit(email=email)
    person.submit(code=newest_code(email))
    return person


def anew(change: ChangeRequest) -> ChangeRequest:
    """The request as it is now."""
    db.session.rollback()
    return db.session.get_one(ChangeRequest, change.id, populate_existing=True)


def evidence_arrives(person: Browser, content: bytes = PICTURE, name: str = "certificate.png") -> Page:
    """The person uploads a file on the page where they stand."""
    return person.upload(file=(content, name))


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    name: PersonName | None
    born: date | None
    reason: ChangeReason

    @property
    def kind(self) -> ChangeKind:
        return ChangeKind.NAME if self.name else ChangeKind.DATE_OF_BIRTH


def asked_for(
    first: str = "", last: str = "", *, born: date | None = None, reason: ChangeReason | None = None
) -> Wanted:
    """A name, or a date of birth."""
    if born is not None:
        return Wanted(None, born, reason or ChangeReason.MY_MISTAKE)
    return Wanted(PersonName(first, last), None, reason or ChangeReason.MARRIAGE)


def a_file(
    draft: ChangeRequest, content: bytes = PICTURE, name: str = "certificate.png", *, judged: bool = True
) -> UUID:
    """A file of evidence; the scanner has looked at it unless it is not `judged`."""
    now = ports().clock.now
    kept = evidence.take_in(content, name, cleaner=ports().cleaner, store=ports().evidence_store)
    with transaction():
        change_evidence.add(draft.id, draft.user, kept, now=now())
    if judged:
        evidence.judge(kept.id, ports().evidence_store, ports().scanner, now=now)
    return kept.id


def a_draft(wanted: Wanted, user: User) -> ChangeRequest:
    """Answered, and not sent."""
    with transaction():
        draft = change_requests.begin(user, wanted.kind, language="en", now=ports().clock.now())
        change_requests.answer_reason(draft, wanted.reason)
        if wanted.name is not None:
            change_requests.answer_name(draft, wanted.name)
        if wanted.born is not None:
            change_requests.answer_birthday(draft, wanted.born)
    return draft


def a_change(wanted: Wanted, *, user: User | None = None, **person: Any) -> ChangeRequest:
    """Somebody's request that waits for a reviewer."""
    draft = a_draft(wanted, user or a_user(**person))
    a_file(draft)
    with transaction():
        return change_requests.submit(draft.user_id, draft.kind, now=ports().clock.now())
