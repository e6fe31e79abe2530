"""The way back for a person whose case is solved: a link by email, and a fresh code before anyone is signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, ResumeLink, SupportTicket, User
from identity_provider.services import accounts, outbox, second_clicks, sign_in_codes
from identity_provider.vault import vault

PURPOSE = "resume"
"""What links and codes of this kind are signed and asked for."""

LINK_ID = "link"
"""What a signed link holds: the id of its row."""

LIFETIME = timedelta(days=14)
_CODES_LAST = timedelta(hours=1)
TRN_ATTACHED = "trn_attached"
NO_TRN_CONFIRMED = "no_trn_confirmed"
LOOKING_AGAIN = "looking_again"


def send_link(case: SupportTicket, kind: str, *, now: datetime) -> ResumeLink:
    """Have the person told by email how their case ended, with a link that leads back.

    The payload holds the id of the link; the worker signs it when it writes the email.
    """
    link = ResumeLink(ticket_id=case.id, created_at=now, expires_at=now + LIFETIME)
    db.session.add(link)
    db.session.flush()
    turns_away = case.client is not None and not case.client.trn_requirement.lets_return(case.user.lookup_status)
    payload = {"resume_link_id": str(link.id), "turns_away": turns_away} | _words(case)
    outbox.post(kind, f"resume:{link.id}", to=case.user.email, payload=payload, now=now)
    return link


def say_looking_again(case: SupportTicket, *, now: datetime, undone: bool = True) -> None:
    """Tell the person that what was linked, or said of them, no longer stands (experience.md, "Emails").

    Not `undone` is what nobody has found to be wrong: it is only looked into again.
    """
    key = f"case:{case.id}:looking-again:{now.timestamp():.6f}"
    outbox.post(LOOKING_AGAIN, key, to=case.user.email, payload=_words(case) | {"undone": undone}, now=now)


def withdraw_links(case: SupportTicket, *, now: datetime) -> None:
    """Close the links of a case that is opened again: what they promise is no longer so."""
    db.session.execute(
        update(ResumeLink)
        .where(ResumeLink.ticket_id == case.id, ResumeLink.used_at.is_(None), ResumeLink.expires_at > now)
        .values(expires_at=now)
    )


def is_usable(link: ResumeLink, *, now: datetime) -> bool:
    """Whether the link leads anywhere: not used, not expired, and its person still has their identity."""
    return link.used_at is None and now < link.expires_at and link.ticket.user.is_live


def was_withdrawn(link: ResumeLink) -> bool:
    """Whether the link was closed before its time: what it promised was taken back."""
    return link.used_at is None and link.expires_at < link.created_at + LIFETIME


def send_code(link: ResumeLink, browser: str, *, locale: str, now: datetime) -> None:
    """Send a fresh code to the person's address, in the language of the page, to be entered in this browser only."""
    asked = sign_in_codes.challenge(PURPOSE, link.ticket.user.email, _subject(link, browser), now=now)
    words = {"locale": locale} | ({"service_name": link.ticket.client.name} if link.ticket.client else {})
    sign_in_codes.send(asked, now=now, words=words)


def is_code_sent(link: ResumeLink, browser: str, *, now: datetime) -> bool:
    """Whether a code was sent for this link and browser not long ago."""
    asked = _challenge(link, browser)
    return asked is not None and now - asked.created_at < _CODES_LAST


def is_used_up(link: ResumeLink, browser: str) -> bool:
    """Whether wrong codes have used up every try in this browser, so that only a new code helps."""
    asked = _challenge(link, browser)
    return asked is not None and asked.passed_at is None and asked.tries_left == 0


def check_code(link: ResumeLink, browser: str, typed: str, *, now: datetime) -> bool:
    """Whether the code is right. A wrong try counts, so this returns and never raises: the caller commits."""
    asked = _challenge(link, browser)
    if asked is None:
        return False
    try:
        sign_in_codes.check(asked, typed, now=now)
    except CodeRefused:
        return False
    if link.ticket.user.email == asked.address:
        accounts.address_proved(link.ticket.user, now=now)
    return True


def passed_lately(link: ResumeLink, browser: str) -> CodeChallenge | None:
    """The code of this browser by which the link was used, as both stand at this moment."""
    db.session.refresh(link, ["used_at"])
    asked = _challenge(link, browser)
    return asked if asked is not None and asked.passed_at is not None and asked.passed_at == link.used_at else None


def may_carry_on(link: ResumeLink, browser: str, proof: str, *, now: datetime) -> bool:
    """Whether the person signs in without another code, by what services/second_clicks gave for the one entered."""
    person = link.ticket.user
    return person.is_live and second_clicks.is_good(proof, passed_lately(link, browser), person, now=now)


def use(link: ResumeLink, *, now: datetime) -> bool:
    """Use the link up; False when another request was first. One atomic UPDATE decides."""
    used = db.session.scalar(
        update(ResumeLink)
        .where(ResumeLink.id == link.id, ResumeLink.used_at.is_(None), ResumeLink.expires_at > now)
        .values(used_at=now)
        .returning(ResumeLink.id)
    )
    return used is not None


def last_case_of(user: User) -> SupportTicket | None:
    """The case of theirs that ended last."""
    return db.session.scalar(
        select(SupportTicket)
        .where(SupportTicket.user_id == user.id, SupportTicket.resolved_at.is_not(None))
        .order_by(SupportTicket.resolved_at.desc())
        .limit(1)
    )


def _words(case: SupportTicket) -> dict[str, str]:
    named = {"service_name": case.client.name} if case.client else {"service_name": ""}
    return {"reference": case.reference} | named


def _challenge(link: ResumeLink, browser: str) -> CodeChallenge | None:
    return db.session.scalar(
        select(CodeChallenge)
        .where(CodeChallenge.purpose == PURPOSE, CodeChallenge.subject_id == _subject(link, browser))
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _subject(link: ResumeLink, browser: str) -> UUID:
    """The link in one browser: a code that was asked for elsewhere is not accepted here."""
    return UUID(bytes=vault.keyed_hash("resume_browser", f"{link.id}:{browser}")[:16])
