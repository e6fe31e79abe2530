"""Forgetting a person: everything held about them goes, but for a tombstone, so that their `sub` is never used again.

The audit stays for its six years (experience.md, "Privacy"): it shows who did what, and that this was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, func, or_, select, update

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove, OwnAccount
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.models import (
    AuthorizationRequest,
    Award,
    AwardCheck,
    AwardCode,
    BrowserSession,
    CaseNote,
    CaseStatus,
    ChangeRequest,
    CodeChallenge,
    Consent,
    ContactChange,
    Grant,
    IdentityCheck,
    Journey,
    Lookup,
    OneLoginAttempt,
    OneLoginIdentity,
    OutboxMessage,
    Passkey,
    Resolution,
    ResumeLink,
    ServiceUse,
    SignIn,
    StaffUser,
    SupportTicket,
    TicketComment,
    TrnToken,
    User,
    UserImportRow,
    UserMerge,
    WebhookMessage,
)
from identity_provider.services import (
    audit,
    browser_sessions,
    evidence,
    identities,
    import_files,
    outbox,
    support_tickets,
    trn_links,
    webhooks,
)
from identity_provider.services.audit import Actor, Subject

ACCOUNT_ERASED = "account_erased"
_TURNS = 10
_WITHDRAWN = "The person's account was erased."


@dataclass(frozen=True, slots=True)
class Erased:
    """What was forgotten here, and where the operator still has to ask: tickets that hold what the person said."""

    user_ids: tuple[UUID, ...]
    zendesk_tickets: tuple[int, ...]


def erase(user: User, *, actor: Actor, reason: str, now: datetime) -> Erased:
    """Erase the person, with every account that was merged into theirs. They are told by email, their services too.

    Raises IllegalMove when it was done before, no reason is given, or the person begins to sign in again and again;
    OwnAccount for staff whose own account it is.
    """
    if not reason.strip():
        raise IllegalMove("nobody is erased without a reason")
    people = _held(user)
    if people[0].erased_at is not None:
        raise IllegalMove("erased already")
    ids = [each.id for each in people]
    _refuse_own(user, actor)
    addresses, language = sorted({each.email for each in people if each.email}), people[0].language
    tickets = _close_cases(ids, actor=actor, now=now)
    evidence.delete_all_of(ids, now)
    for each in people:
        browser_sessions.end_all_of(each, now=now)
        if each.trn is not None:
            trn_links.unlink(each, pending(LookupReason.NOT_LOOKED_UP), actor=actor, reason=reason, now=now)
        webhooks.tell_of_erasure(each, now=now)
    db.session.flush()
    contacts = [*addresses, *_other_contacts(people)]
    for statement in [*_forgetting(ids, addresses, now), *_forgetting_messages(contacts)]:
        db.session.execute(statement)
    for each in people:
        _make_tombstone(each, now)
        audit.record("user_erased", Subject("user", each.id), actor=actor, now=now, reason=reason)
    for number, address in enumerate(addresses):
        # In their language, which is forgotten by the time at which it is written.
        key = f"erased:{ids[0]}:{number}"
        outbox.post(ACCOUNT_ERASED, key, to=address, payload={"locale": language}, now=now)
    db.session.flush()
    db.session.expire_all()
    return Erased(tuple(ids), tuple(tickets))


def _refuse_own(user: User, actor: Actor) -> None:
    if actor.type == "staff" and identities.is_own(user, db.session.get_one(StaffUser, UUID(actor.id))):
        raise OwnAccount


def _held(user: User) -> list[User]:
    """Every identity of the person, held until the transaction ends so that nobody links or merges them meanwhile.

    Their journeys come first, then what services asked in them, as in a click (`journeys.held`) and in an answer to a
    service: of two, one waits, and never both for each other. What became theirs while that was waited for is held in
    another turn: the savepoint lets go of what the first one held.
    """
    for _ in range(_TURNS):
        with db.session.begin_nested() as turn:
            ids = [each.id for each in identities.all_of(user)]
            journeys = _hold_journeys(ids)
            people = _hold_people(ids)
            if journeys >= set(db.session.scalars(_journeys_about(people)).all()):
                return people
            turn.rollback()
    raise IllegalMove("the person is signing in again and again at this moment")


def _hold_people(ids: list[UUID]) -> list[User]:
    rows = db.session.scalars(
        select(User)
        .where(User.id.in_(ids))
        .order_by(User.id)
        .with_for_update(of=User)
        .execution_options(populate_existing=True)
    )
    return sorted(rows, key=lambda each: ids.index(each.id))


def _hold_journeys(ids: list[UUID]) -> set[UUID]:
    """Those of the people, and those of others that point at one of them; with the requests that they answer."""
    about = _journeys_about(db.session.scalars(select(User).where(User.id.in_(ids))).all())
    # Rows of others that point at these need not wait: the worker holds a person when it writes one.
    held = db.session.scalars(about.order_by(Journey.id).with_for_update(of=Journey, key_share=True)).all()
    asked = select(AuthorizationRequest.id).where(
        AuthorizationRequest.id.in_(select(Journey.authorization_request_id).where(Journey.id.in_(held)))
    )
    lock = asked.order_by(AuthorizationRequest.id).with_for_update(of=AuthorizationRequest, key_share=True)
    db.session.execute(lock)
    return set(held)


def _journeys_about(people: Sequence[User]) -> Select[UUID]:
    ids, addresses = [each.id for each in people], [each.email for each in people if each.email]
    return select(Journey.id).where(
        or_(
            Journey.user_id.in_(ids),
            Journey.email.in_(addresses),
            Journey.existing_account_id.in_(ids),
            Journey.trn_holder_id.in_(ids),
        )
    )


def _close_cases(ids: list[UUID], *, actor: Actor, now: datetime) -> list[int]:
    """Withdraw what the helpdesk has open; returns the numbers of every ticket that there ever was."""
    numbers: list[int] = []
    for case in db.session.scalars(select(SupportTicket).where(SupportTicket.user_id.in_(ids))).all():
        held = support_tickets.lock(case.id)
        if held.status is CaseStatus.OPEN:
            support_tickets.end(held, Resolution.WITHDRAWN, by=actor, note=_WITHDRAWN, now=now)
        if held.zendesk_ticket_id is not None:
            numbers.append(held.zendesk_ticket_id)
        held.resolution_note = ""
        held.trn_link_id = None
        held.journey_id = None
    return sorted(numbers)


def _other_contacts(people: list[User]) -> list[str]:
    """Mobile numbers, and what they were reached by before: messages and codes went there, too."""
    changed = select(ContactChange.old_value, ContactChange.new_value).where(
        ContactChange.user_id.in_([each.id for each in people])
    )
    found = {each for row in db.session.execute(changed) for each in row}
    found = (found | {each.mobile_number or "" for each in people}) - {"", *(each.email for each in people)}
    others = select(User.email, User.mobile_number).where(
        User.id.not_in([each.id for each in people]), or_(User.email.in_(found), User.mobile_number.in_(found))
    )
    # What somebody else is reached by today is theirs.
    return sorted(found - {each for row in db.session.execute(others) for each in row})


def _forgetting(ids: list[UUID], addresses: list[str], now: datetime) -> list[Delete | Update]:
    """What deletes everything that was written about these people, in this order."""
    theirs: ColumnElement[bool] = or_(Journey.user_id.in_(ids), Journey.email.in_(addresses))
    journeys = select(Journey.id).where(theirs)
    requests = db.session.scalars(select(Journey.authorization_request_id).where(theirs)).all()
    cases = select(SupportTicket.id).where(SupportTicket.user_id.in_(ids))
    others = {
        Journey.existing_account_id: Journey.existing_account_id.in_(ids),
        Journey.trn_holder_id: Journey.trn_holder_id.in_(ids),
    }
    awards = select(Award.id).where(Award.user_id.in_(ids))
    codes = select(AwardCode.id).where(AwardCode.award_id.in_(awards))
    links = select(ResumeLink.id).where(ResumeLink.ticket_id.in_(cases))
    return [
        update(Grant).where(Grant.user_id.in_(ids), Grant.revoked_at.is_(None)).values(revoked_at=now),
        delete(Passkey).where(Passkey.user_id.in_(ids)),
        delete(Consent).where(Consent.user_id.in_(ids)),
        # Their history and what the DQT was told go with them.
        delete(ChangeRequest).where(ChangeRequest.user_id.in_(ids)),
        delete(AwardCheck).where(AwardCheck.code_id.in_(codes)),
        delete(AwardCode).where(AwardCode.award_id.in_(awards)),
        delete(Award).where(Award.user_id.in_(ids)),
        # Trips of their journeys go with the journeys, and what a connection began with the connection.
        delete(OneLoginAttempt).where(OneLoginAttempt.user_id.in_(ids)),
        delete(OneLoginIdentity).where(OneLoginIdentity.user_id.in_(ids)),
        delete(SignIn).where(SignIn.user_id.in_(ids)),
        delete(ContactChange).where(ContactChange.user_id.in_(ids)),
        update(BrowserSession).where(BrowserSession.user_id.in_(ids)).values(device=""),
        delete(UserImportRow).where(import_files.is_about(ids, addresses)),
        delete(IdentityCheck).where(IdentityCheck.user_id.in_(ids)),
        delete(ServiceUse).where(ServiceUse.user_id.in_(ids)),
        delete(TrnToken).where(or_(TrnToken.used_by_id.in_(ids), TrnToken.email.in_(addresses))),
        delete(WebhookMessage).where(WebhookMessage.user_id.in_(ids)),
        delete(UserMerge).where(or_(UserMerge.survivor_id.in_(ids), UserMerge.merged_id.in_(ids))),
        delete(Lookup).where(or_(Lookup.user_id.in_(ids), Lookup.journey_id.in_(journeys))),
        delete(CodeChallenge).where(CodeChallenge.subject_id.in_(links)),
        delete(ResumeLink).where(ResumeLink.ticket_id.in_(cases)),
        delete(CaseNote).where(CaseNote.ticket_id.in_(cases)),
        delete(TicketComment).where(TicketComment.ticket_id.in_(cases)),
        *(update(Journey).where(pointing).values({column: None}) for column, pointing in others.items()),
        delete(Journey).where(theirs),
        delete(AuthorizationRequest).where(AuthorizationRequest.id.in_(requests)),
    ]


def _forgetting_messages(contacts: list[str]) -> list[Delete]:
    """What was sent to them, wherever they were reached."""
    return [
        delete(CodeChallenge).where(CodeChallenge.address.in_(contacts)),
        delete(OutboxMessage).where(func.lower(OutboxMessage.recipient).in_(contacts)),
    ]


def _make_tombstone(user: User, now: datetime) -> None:
    """What stays is the `sub`, what a sector knew it by, when it was made and ended, and what it was part of."""
    trn_links.forget(user)
    user.email = ""
    user.first_name = user.middle_name = user.last_name = user.preferred_name = ""
    user.mobile_number = user.stated_trn = user.stated_training_provider = user.registered_with_client_id = None
    user.email_verified_at = user.mobile_verified_at = user.date_of_birth = user.stated_nino_encrypted = None
    user.stated_previous_names = []
    user.stated_further = {}
    user.language = "en"
    user.stated_has_nino = user.stated_has_trn = user.stated_has_qts = None
    user.asked_again_at = user.last_signed_in_at = user.passkey_declined_at = None
    user.erased_at = user.updated_at = now
