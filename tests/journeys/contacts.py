"""What a person does to change how they are reached, and what was written to whom."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.kit import emails
from identity_provider.kit.app import ports
from identity_provider.models import Contact, OutboxMessage
from identity_provider.services import contact_changes, sign_in_codes
from tests.kit.owners import Owner
from tests.kit.page import Browser, Page

NEW = "kate.new@example.com"
NUMBER = "+447700900123"
TAKE_BACK = "It was not me: undo the change"


def code_for(to: str) -> str:
    """The newest code that went to an address or number, as the worker would write it."""
    db.session.rollback()
    for message in _sent(to):
        if "challenge_id" in message.payload:
            challenge_id, counter = UUID(message.payload["challenge_id"]), int(message.payload["counter"])
            code = sign_in_codes.code_to_write(challenge_id, counter, now=ports().clock.now())
            if code is not None:
                return code
    raise AssertionError(f"no code that can be used was sent to {to}")


def told(to: str) -> list[str]:
    """The kinds of messages that were written to an address or number, the newest first."""
    db.session.rollback()
    return [each.kind for each in _sent(to)]


def undo_link(to: str) -> str:
    """The path of the link with which whoever is reached there may take the newest change back."""
    db.session.rollback()
    now = ports().clock.now()
    for message in _sent(to):
        if message.kind == contact_changes.CONTACT_CHANGED:
            written = emails.write(message, now=now)
            text = written[1] if written else ""
        elif message.kind == contact_changes.CONTACT_CHANGED_TEXT:
            text = emails.write_text(message, now=now) or ""
        else:
            continue
        return next(word for word in text.split() if "/put-back/" in word)
    raise AssertionError(f"no link was sent to {to}")


def change(owner: Owner, contact: Contact, to: str) -> Page:
    """The whole way to another address or number."""
    owner.get(f"/account/{contact.value}")
    owner.submit(**{contact.value: to})
    return owner.submit(code=code_for(to))


def take_back(browser: Browser, to: str) -> Page:
    """Follow the link that went to an address or number, and press the button there."""
    browser.get(undo_link(to))
    return browser.submit(TAKE_BACK)


def _sent(to: str) -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.recipient == to)
    return list(db.session.scalars(found.order_by(OutboxMessage.created_at.desc(), OutboxMessage.id)))
