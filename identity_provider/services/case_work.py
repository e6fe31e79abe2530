"""What agents do with a case: claim it, write notes, end it with a TRN or without one, and undo that."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.errors import (
    CaseAlreadyResolved,
    IdentityError,
    IllegalMove,
    RecordNotLinkable,
    UserAlreadyHasTrn,
)
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.domain.values import Trn
from identity_provider.models import CaseNote, CaseStatus, Client, Resolution, StaffUser, SupportTicket, TrnLink, User
from identity_provider.ports import TeacherRegister
from identity_provider.services import audit, identities, resume, support_tickets, trn_links
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.services.trn_links import Evidence
from matching.records import RecordStatus, TeachingRecord

NO_TRN = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)


class OwnCase(IdentityError):
    """The case is of the agent's own email address: somebody else has to work on it (attack 33)."""


class CaseClaimed(IdentityError):
    """A colleague has claimed the case since the page was shown."""

    def __init__(self, by: str) -> None:
        super().__init__(f"claimed by {by}")
        self.by = by


class ReasonMissing(IdentityError):
    """A decision about somebody's record is never taken without a reason."""


def assign(case_id: UUID, to: StaffUser | None, *, seen: UUID | None, staff: StaffUser, now: datetime) -> SupportTicket:
    """Claim the case, or give it back when `to` is None. `seen` is whose it was on the page that was shown.

    Raises CaseClaimed when it changed hands since then, CaseAlreadyResolved when it ended.
    """
    case = _open(case_id)
    if case.assigned_to_id != seen:
        raise CaseClaimed(case.assigned_to.display_name if case.assigned_to else "")
    if to is not None and is_own(case, to):
        raise OwnCase
    change = ({"assigned_to": str(seen or "")}, {"assigned_to": str(to.id if to else "")})
    case.assigned_to_id = to.id if to else None
    audit.record("case_assigned", Subject("case", case.id), actor=Actor.of(staff), now=now, change=change)
    return case


def add_note(case: SupportTicket, text: str, *, staff: StaffUser, now: datetime) -> CaseNote:
    """Write something down for colleagues."""
    if is_own(case, staff):
        raise OwnCase
    note = CaseNote(ticket_id=case.id, author=staff.display_name, text=text, at=now)
    db.session.add(note)
    audit.record("case_note_added", Subject("case", case.id), actor=Actor.of(staff), now=now)
    return note


def record_of(register: TeacherRegister, trn: Trn) -> TeachingRecord:
    """The record that this TRN stands for, of any status. Not to be called inside a transaction.

    Raises RegisterUnavailable when the register does not answer, RecordNotLinkable when it has no such record.
    """
    for record in register.find_by_identifiers(trn.digits, ""):
        if record.trn == trn.digits:
            return record
    raise RecordNotLinkable("not_found")


def check_linkable(record: TeachingRecord) -> None:
    """Raises RecordNotLinkable for a record that was merged into another one, or closed."""
    match record.status:
        case RecordStatus.MERGED:
            raise RecordNotLinkable("merged", record.merged_into)
        case RecordStatus.DEACTIVATED:
            raise RecordNotLinkable("deactivated")
        case RecordStatus.ACTIVE:
            return


def attach_trn(case_id: UUID, *, record: TeachingRecord, staff: StaffUser, reason: str, now: datetime) -> SupportTicket:
    """Resolve a case by pointing its user at a teaching record, which the register gave a moment ago.

    Raises TrnAlreadyLinked if another user holds the TRN, CaseAlreadyResolved for the second of two agents,
    RecordNotLinkable, OwnCase, ReasonMissing, and UserAlreadyHasTrn when the person is linked elsewhere.
    """
    case = _open(case_id)
    _refuse_own_and_blank(case, staff, reason)
    check_linkable(record)
    evidence = Evidence(LookupReason.SUPPORT, VerificationLevel.MEDIUM, reason)
    was_linked = case.user.trn is not None
    trn_links.link(case.user, record.trn, evidence, actor=Actor.of(staff), now=now)
    made = None if was_linked else trn_links.live_link_of(case.user)
    case.trn_link_id = made.id if made else None
    support_tickets.end(case, Resolution.TRN_ATTACHED, by=Actor.of(staff), note=reason, now=now)
    resume.send_link(case, resume.TRN_ATTACHED, now=now)
    return case


def confirm_no_trn(case_id: UUID, *, staff: StaffUser, reason: str, now: datetime) -> SupportTicket:
    """Resolve a case by confirming that its user has no teaching record. Raises as attach_trn does."""
    case = _open(case_id)
    _refuse_own_and_blank(case, staff, reason)
    if case.user.trn is not None:
        raise UserAlreadyHasTrn(case.user.trn)
    trn_links.stand_at(case.user, NO_TRN, actor=Actor.of(staff), now=now, reason=reason)
    support_tickets.end(case, Resolution.NO_TRN, by=Actor.of(staff), note=reason, now=now)
    resume.send_link(case, resume.NO_TRN_CONFIRMED, now=now)
    return case


def undo(case_id: UUID, *, staff: StaffUser, reason: str, now: datetime) -> SupportTicket:
    """Take a decision back with a reason: the link is ended, the case opened again, its emailed link closed.

    Raises IllegalMove when there is nothing to undo: the case is open, the link that it made has ended since (the
    link that stands now is another decision's), or the person has another open case.
    """
    case = _locked(case_id)
    _refuse_own_and_blank(case, staff, reason)
    before = {"status": case.status, "resolution": case.resolution}
    if case.resolution not in {Resolution.TRN_ATTACHED, Resolution.NO_TRN}:
        raise IllegalMove("nothing was decided in this case")
    if support_tickets.open_case_of(case.user) is not None:
        raise IllegalMove("this person has another open case")
    _take_back(case, Actor.of(staff), reason, now)
    case.reopen()
    resume.withdraw_links(case, now=now)
    resume.say_looking_again(case, now=now)
    db.session.flush()
    audit.record(
        "case_reopened",
        Subject("case", case.id),
        actor=Actor.of(staff),
        now=now,
        reason=reason,
        change=(before, {"status": CaseStatus.OPEN}),
    )
    text = f"{staff.display_name} took the decision back in the support console. Case {case.reference} is open again."
    support_tickets.say(case, text, now=now, reopen=True)
    return case


def detach(user: User, *, staff: StaffUser, reason: str, now: datetime) -> SupportTicket:
    """End a person's link outside of a case; a case is opened, so that the person is not forgotten.

    It is a case of the service that they first came from, and has a ticket when that service wants tickets.

    Raises OwnCase, ReasonMissing, and IllegalMove when there is no link.
    """
    if identities.is_own(user, staff):
        raise OwnCase
    if not reason.strip():
        raise ReasonMissing
    waiting = pending(LookupReason.WITH_HELPDESK)
    trn_links.unlink(user, waiting, actor=Actor.of(staff), reason=reason, now=now)
    case = _case_with_helpdesk(user, now=now)
    resume.say_looking_again(case, now=now)
    return case


def open_case(user: User, *, staff: StaffUser, reason: str, now: datetime) -> SupportTicket:
    """Have the helpdesk look for the record of somebody without one, whatever was found or said of them before.

    The caller holds the user. It is a case of the service that they first came from, as where a link was ended; the
    reason is its first note.

    Raises OwnCase, ReasonMissing, and IllegalMove for whom there is nothing to look for or nobody to tell: see
    `may_open_case`.
    """
    if identities.is_own(user, staff):
        raise OwnCase
    if not reason.strip():
        raise ReasonMissing
    if not may_open_case(user):
        raise IllegalMove("linked, with the helpdesk already, or not in use")
    trn_links.stand_at(user, pending(LookupReason.WITH_HELPDESK), actor=Actor.of(staff), now=now, reason=reason)
    case = _case_with_helpdesk(user, now=now, by=Actor.of(staff))
    add_note(case, reason, staff=staff, now=now)
    resume.say_looking_again(case, now=now, undone=False)
    return case


def may_open_case(user: User) -> bool:
    """Whether the helpdesk may begin to look for this person: one in use, without a TRN and without an open case."""
    return user.is_live and user.trn is None and support_tickets.open_case_of(user) is None


def can_undo(case: SupportTicket) -> bool:
    """Whether what this case decided still stands, so that it may be taken back."""
    if support_tickets.open_case_of(case.user) is not None:
        return False
    match case.resolution:
        case Resolution.TRN_ATTACHED:
            return _link_made_by(case) is not None
        case Resolution.NO_TRN:
            return case.user.lookup_state == NO_TRN
        case _:
            return False


def is_own(case: SupportTicket, staff: StaffUser) -> bool:
    """Whether the case is of the agent's own email address, or of an account that was made one with theirs."""
    return identities.is_own(case.user, staff)


def decided_by_others(case: SupportTicket) -> CaseAlreadyResolved | None:
    """Who ended the case and how, in the words of the error that a late agent gets; None while it is open."""
    if case.status is CaseStatus.OPEN:
        return None
    return CaseAlreadyResolved(case.resolved_by or "", case.resolution or "")


def _open(case_id: UUID) -> SupportTicket:
    case = _locked(case_id)
    ended = decided_by_others(case)
    if ended is not None:
        raise ended
    return case


def _locked(case_id: UUID) -> SupportTicket:
    """The case and its person, both held. The person comes first, as where a search links them: no deadlock."""
    person = select(SupportTicket.user_id).where(SupportTicket.id == case_id).scalar_subquery()
    db.session.execute(select(User.id).where(User.id == person).with_for_update())
    return support_tickets.lock(case_id)


def _case_with_helpdesk(user: User, *, now: datetime, by: Actor = SYSTEM) -> SupportTicket:
    service = user.registered_with_client_id
    client = db.session.get(Client, service) if service else None
    return support_tickets.open_case(user, client, None, LookupReason.WITH_HELPDESK, now, by=by)


def _refuse_own_and_blank(case: SupportTicket, staff: StaffUser, reason: str) -> None:
    if is_own(case, staff):
        raise OwnCase
    if not reason.strip():
        raise ReasonMissing


def _take_back(case: SupportTicket, actor: Actor, reason: str, now: datetime) -> None:
    waiting = pending(LookupReason.WITH_HELPDESK)
    if case.resolution is Resolution.NO_TRN:
        if case.user.lookup_state != NO_TRN:
            raise IllegalMove("the person was found since")
        trn_links.stand_at(case.user, waiting, actor=actor, now=now, reason=reason)
        return
    if _link_made_by(case) is None:
        raise IllegalMove("the link of this case is no longer there")
    trn_links.unlink(case.user, waiting, actor=actor, reason=reason, now=now)


def _link_made_by(case: SupportTicket) -> TrnLink | None:
    """The link that this case made, while it is the person's."""
    link = trn_links.live_link_of(case.user)
    return link if link is not None and link.id == case.trn_link_id else None
