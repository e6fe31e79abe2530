"""TRNs that an agent wrote on the case's ticket in Zendesk: offered with what the register says, never attached.

The register is asked when the page is opened, so that nobody decides by what it said yesterday.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _

from identity_provider.domain.errors import RecordNotLinkable, RegisterUnavailable
from identity_provider.domain.values import Trn
from identity_provider.models import SupportTicket, TicketComment, User
from identity_provider.ports import TeacherRegister
from identity_provider.services import case_work, lookups
from identity_provider.services.register_search import Impatient
from matching.records import RecordStatus, TeachingRecord
from support_console.cases import queries

MOST = 5
"""More are not looked up: an agent who pastes a list has not found anybody."""


class Verdict(StrEnum):
    """What the register and our own users say of a suggested TRN."""

    LINKABLE = "linkable"
    MERGED = "merged"
    DEACTIVATED = "deactivated"
    HELD = "held"
    NO_RECORD = "no_record"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A TRN, which comment it stands in, and what is known of it now. `record` is the one that would be attached."""

    trn: str
    comment: TicketComment
    verdict: Verdict
    record: TeachingRecord | None = None
    holder: User | None = None

    @property
    def may_be_checked(self) -> bool:
        """Whether it leads on to the page that attaches it. What is not known now may be known in a minute."""
        return self.verdict in {Verdict.LINKABLE, Verdict.MERGED, Verdict.SILENT}

    @property
    def tag(self) -> tuple[str, str]:
        """The verdict as a tag: its text, and the colour that goes with it."""
        if self.verdict in {Verdict.LINKABLE, Verdict.MERGED}:
            return str(_("Record found")), "blue"
        if self.verdict is Verdict.SILENT:
            return str(_("Not known")), "yellow"
        return str(_("Cannot be attached")), "red"

    @property
    def words(self) -> str:
        """What an agent has to know of it."""
        record = self.record
        name = " ".join(each for each in (record.first_name, record.last_name) if each) if record else ""
        match self.verdict:
            case Verdict.LINKABLE:
                return str(_("The record of %(name)s.", name=name))
            case Verdict.MERGED:
                new = record.trn if record else ""
                return str(_("That record was merged into record %(new)s, of %(name)s.", new=new, name=name))
            case Verdict.DEACTIVATED:
                return str(_("That record is closed in the register of teachers, and cannot be attached."))
            case Verdict.HELD:
                return str(_("The record of %(name)s. Another user holds it, so it cannot be attached.", name=name))
            case Verdict.NO_RECORD:
                return str(_("The register of teachers has no record with this TRN."))
            case Verdict.SILENT:
                return str(_("The register of teachers did not answer, so nothing is known of this TRN now."))


def suggested(case: SupportTicket) -> list[tuple[str, TicketComment]]:
    """Each TRN with the comment that names it last, the latest first."""
    named = {trn: comment for comment in case.comments for trn in comment.trns}
    return sorted(named.items(), key=lambda each: each[1].at, reverse=True)[:MOST]


def look_into(case: SupportTicket, register: TeacherRegister) -> list[Suggestion]:
    """Ask the register about each suggested TRN. Not to be called inside a transaction."""
    patient = Impatient(register, time.monotonic() + lookups.PATIENCE_SECONDS)
    found = [(trn, comment, *_record_of(patient, trn)) for trn, comment in suggested(case)]
    holders = queries.holders_of([record.trn for *_rest, record in found if record], but=case.user_id)
    return [_suggestion(trn, comment, verdict, record, holders) for trn, comment, verdict, record in found]


def trns_of(suggestions: Sequence[Suggestion]) -> list[str]:
    """The records that are shown by name, for the audit."""
    return [each.record.trn for each in suggestions if each.record is not None]


def _suggestion(
    trn: str, comment: TicketComment, verdict: Verdict, record: TeachingRecord | None, holders: dict[str, User]
) -> Suggestion:
    holder = holders.get(record.trn) if record else None
    may_be_attached = verdict in {Verdict.LINKABLE, Verdict.MERGED}
    return Suggestion(trn, comment, Verdict.HELD if holder and may_be_attached else verdict, record, holder)


def _record_of(register: Impatient, trn: str) -> tuple[Verdict, TeachingRecord | None]:
    try:
        record = case_work.record_of(register, Trn.parse(trn))
        if record.status is RecordStatus.MERGED and record.merged_into:
            survivor = case_work.record_of(register, Trn.parse(record.merged_into))
            case_work.check_linkable(survivor)
            return Verdict.MERGED, survivor
        case_work.check_linkable(record)
    except RecordNotLinkable as refusal:
        return (Verdict.NO_RECORD if refusal.reason == "not_found" else Verdict.DEACTIVATED), None
    except (RegisterUnavailable, TimeoutError):
        return Verdict.SILENT, None
    return Verdict.LINKABLE, record
