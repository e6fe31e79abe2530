"""Writing emails: plain, short, and with what to do if it was not you. One template per kind of message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import render_template
from flask_babel import force_locale

from identity_provider.db import db
from identity_provider.kit import change_emails
from identity_provider.kit.app import settings
from identity_provider.kit.links import sign_link
from identity_provider.models import Award, OutboxMessage, ResumeLink, User
from identity_provider.services import (
    accounts,
    award_codes,
    awards,
    contact_changes,
    contact_undo,
    resume,
    sign_in_codes,
)


def write(message: OutboxMessage, *, now: datetime) -> tuple[str, str] | None:
    """The subject and text of a message; None when it has become pointless (a code that ran out).

    The template `emails/<kind>.txt` holds the subject in its first line, then a blank line, then the text.
    """
    words: dict[str, object] | None = dict(message.payload)
    prepare = PREPARATIONS.get(message.kind)
    if prepare is not None:
        words = prepare(message, now)
    if words is None:
        return None
    rendered = _rendered(f"emails/{message.kind}.txt", message, words)
    subject, _, text = rendered.partition("\n")
    return subject.strip(), text.strip() + "\n"


def write_text(message: OutboxMessage, *, now: datetime) -> str | None:
    """The words of a text message, from `texts/<kind>.txt`; None as `write` says."""
    words = PREPARATIONS[message.kind](message, now)
    return None if words is None else " ".join(_rendered(f"texts/{message.kind}.txt", message, words).split())


def _rendered(template: str, message: OutboxMessage, words: dict[str, object]) -> str:
    with force_locale(str(message.payload.get("locale") or _language_of(message))):
        return render_template(template, settings=settings(), **words)


def _language_of(message: OutboxMessage) -> str:
    """That of the person who is written to, where none was chosen on the page that caused it; staff read English."""
    user_id = message.payload.get("user_id")
    user = db.session.get(User, UUID(user_id)) if user_id else accounts.by_address(message.recipient)
    return "en" if user is None or message.payload.get("staff") else user.language


def _with_code(message: OutboxMessage, now: datetime) -> dict[str, object] | None:
    """The code is computed only here, moments before it is sent."""
    code = sign_in_codes.code_to_write(UUID(message.payload["challenge_id"]), int(message.payload["counter"]), now=now)
    return None if code is None else {"service_name": "", **message.payload, "code": code}


def _with_resume_link(message: OutboxMessage, now: datetime) -> dict[str, object] | None:
    """The link is signed only here; None when it was withdrawn, used or has run out meanwhile."""
    link = db.session.get(ResumeLink, UUID(message.payload["resume_link_id"]))
    if link is None or not resume.is_usable(link, now=now):
        return None
    token = sign_link(resume.PURPOSE, {resume.LINK_ID: str(link.id)}, until=link.expires_at)
    words = {"service_name": "", "turns_away": False, **message.payload}
    return {**words, "link": f"{settings().issuer}/resume/{token}"}


def _with_award(message: OutboxMessage, now: datetime) -> dict[str, object] | None:  # noqa: ARG001 -- as the others
    """The award as it stands when the email is written; None when it is gone."""
    award = db.session.get(Award, UUID(message.payload["award_id"]))
    if award is None:
        return None
    link = f"{settings().issuer}/account/awards/{award.id}"
    return {**message.payload, "award": award, "service_name": award.client.name, "link": link}


def _with_undo_link(message: OutboxMessage, now: datetime) -> dict[str, object] | None:
    """The link is signed only here; None when the change was taken back, or cannot be any more."""
    change = contact_undo.usable(UUID(message.payload["change_id"]), now=now)
    if change is None:
        return None
    content = {contact_undo.CHANGE_ID: str(change.id)}
    token = sign_link(contact_undo.PURPOSE, content, until=change.reversible_until)
    return {**message.payload, "link": f"{settings().issuer}/account/put-back/{token}"}


PREPARATIONS: dict[str, Callable[[OutboxMessage, datetime], dict[str, object] | None]] = {
    sign_in_codes.EMAIL_KIND: _with_code,
    contact_changes.NEW_EMAIL_CODE: _with_code,
    contact_changes.NEW_MOBILE_CODE: _with_code,
    contact_changes.CONTACT_CHANGED: _with_undo_link,
    contact_changes.CONTACT_CHANGED_TEXT: _with_undo_link,
    resume.TRN_ATTACHED: _with_resume_link,
    resume.NO_TRN_CONFIRMED: _with_resume_link,
    awards.RECORDED: _with_award,
    awards.CORRECTED: _with_award,
    awards.WITHDRAWN: _with_award,
    awards.CERTIFICATE: _with_award,
    award_codes.CHECKED: _with_award,
    **dict.fromkeys(change_emails.KINDS, change_emails.about_change),
    award_codes.LOCKED: _with_award,
}
"""What a kind of message needs beside its payload."""
