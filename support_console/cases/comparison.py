"""What the person stated beside what records hold, field by field, as an agent reads it."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import structlog
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.kit.written import written, written_date
from identity_provider.models import User
from identity_provider.ports import TeacherRegister
from identity_provider.services import lookups, search_words
from identity_provider.services.register_search import Impatient
from matching import normalise
from matching.comparisons import Field, Level
from matching.explain import standing_against
from matching.matcher import match
from matching.policy import SHARE_OF_ASKERS_REGISTERED, Policy
from matching.posterior import Candidate
from matching.records import CandidateQuestion, NameStatistics, PersonDetails, RecordStatus, TeachingRecord
from matching.relations import Relating
from matching.scoring import Scorer, candidates, shared_emails
from matching.statements import Statement, prepare
from matching.weights import Rarity
from support_console.cases.sentences import sentences_of

log = structlog.get_logger("cases")

_USUAL_SIZE = 1_000_000


class Mark(StrEnum):
    """How two values relate, in the agent's words."""

    SAME = "same"
    SHARED = "shared"
    CLOSE = "close"
    DIFFERENT = "different"
    MISSING = "missing"


_MARKS = {
    Level.SAME: Mark.SAME,
    Level.SHARED: Mark.SHARED,
    Level.MISSING: Mark.MISSING,
    Level.DIFFERENT: Mark.DIFFERENT,
    Level.ANOTHER: Mark.DIFFERENT,
}

FIELDS = (
    Field.FIRST_NAME,
    Field.MIDDLE_NAME,
    Field.LAST_NAME,
    Field.DATE_OF_BIRTH,
    Field.TRN,
    Field.NINO,
    Field.EMAIL,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One field: as stated, as held, and how the two relate."""

    label: str
    stated: str
    held: str
    mark: Mark

    @property
    def mark_text(self) -> str:
        """The mark in words: colour alone says nothing (WCAG 1.4.1)."""
        if self.mark is Mark.MISSING and self.stated and self.held:  # another address; a number that is nobody's
            return str(_("Says nothing"))
        words = {
            Mark.SAME: _("Same"),
            Mark.SHARED: _("Same, but shared"),
            Mark.CLOSE: _("Close"),
            Mark.DIFFERENT: _("Different"),
            Mark.MISSING: _("Missing") if self.stated or not self.held else _("Not given"),
        }
        return str(words[self.mark])


@dataclass(frozen=True, slots=True)
class Compared:
    """A record beside the statement."""

    record: TeachingRecord
    rows: tuple[Row, ...]
    sentences: tuple[str, ...] = ()
    bits: float = 0.0
    merged_from: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the record may not be linked any more."""
        return self.record.status is not RecordStatus.ACTIVE

    @property
    def standing(self) -> tuple[object, ...]:
        """How the record relates to the statement, field by field, and how much that weighs as shown."""
        return (round(self.bits, 1), *(row.mark for row in self.rows))

    @property
    def name(self) -> str:
        """The record's name as it is held."""
        return " ".join(
            part for part in (self.record.first_name, self.record.middle_name, self.record.last_name) if part
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """The records that resemble the person, best first; `silent` when the register did not answer."""

    found: tuple[Compared, ...] = ()
    silent: bool = False
    # What keeps the first of them from being linked automatically, a sentence each.
    against: tuple[str, ...] = ()

    @property
    def tied(self) -> bool:
        """Whether nothing that was compared tells the two best apart."""
        return len(self.found) > 1 and self.found[0].standing == self.found[1].standing


def candidates_for(user: User, register: TeacherRegister, today: date) -> Candidates:
    """Compare the person with the register as it is now. Not to be called inside a transaction."""
    with transaction():  # what is read for it must not keep one open while the register is asked
        person = lookups.person_of(user)
    try:
        patient = Impatient(register, time.monotonic() + lookups.PATIENCE_SECONDS)
        outcome = match(person, patient, Policy.LINKAGE, today)
    except RegisterUnavailable:
        return Candidates(silent=True)
    except Exception as fault:  # noqa: BLE001 -- a broken matcher must not close the case that is open because of it
        # The message is left out of the log, since it may repeat what was asked.
        where = traceback.format_tb(fault.__traceback__)[-3:]
        log.error("comparison_failed", error=type(fault).__name__, where=where)  # noqa: TRY400
        return Candidates(silent=True)
    found = tuple(_compared(user, person, each) for each in outcome.candidates)
    against = search_words.in_words(standing_against(outcome.explanation.to_json()) if found else ())
    return Candidates(found, against=tuple(map(written, against)))


def beside(user: User, record: TeachingRecord, register: TeacherRegister, today: date) -> Compared:
    """One record beside the statement, whether or not the matcher would have thought of it.

    Where it is among the candidates it is compared as it is there: an agent reads the same of it on both pages. Not to
    be called inside a transaction.
    """
    candidates_now = candidates_for(user, register, today)
    listed = next((each for each in candidates_now.found if each.record.trn == record.trn), None)
    if listed is not None:
        return replace(listed, record=record)
    with transaction():
        person = lookups.person_of(user)
    statement = prepare(person, today)
    shared = None if candidates_now.silent else _shared_emails(statement, register)
    # How rare the names are is not asked: levels and sentences are shown of a single record, bits are not.
    scorer = Scorer(Relating(statement), Rarity(_USUAL_SIZE, NameStatistics(), has_year=False), shared)
    (only,) = candidates(scorer, [record], SHARE_OF_ASKERS_REGISTERED)
    return _compared(user, person, only)


def _shared_emails(statement: Statement, register: TeacherRegister) -> frozenset[str] | None:
    """The stated address where several records have it; None where the register does not tell."""
    if not statement.email:
        return frozenset()
    question = CandidateQuestion(PersonDetails(email=statement.email), keys=(f"e:{statement.email}",))
    try:
        answer = Impatient(register, time.monotonic() + lookups.PATIENCE_SECONDS).find_candidates(question)
    except (RegisterUnavailable, TimeoutError):
        return None
    shared = shared_emails(statement, answer.records)
    return shared if shared or answer.complete else None


def _compared(user: User, person: PersonDetails, candidate: Candidate) -> Compared:
    record, sentences = candidate.record, sentences_of(candidate)
    marks = {each: _mark(candidate.level(each)) for each in FIELDS}
    if marks[Field.EMAIL] is Mark.MISSING and _is_address_of(record, person):
        # By its numbers the record was found before anybody asked who else has the address, or that is not known.
        marks[Field.EMAIL] = Mark.SAME
        sentences = (*sentences, str(_("Same email address. Whether other records have it is not known.")))
    rows = tuple(Row(_label(each), _stated(each, user, person), _held(each, record), marks[each]) for each in FIELDS)
    return Compared(record, rows, sentences, candidate.weight, candidate.merged_from)


def _is_address_of(record: TeachingRecord, person: PersonDetails) -> bool:
    stated = normalise.email(person.email)
    return bool(stated) and stated == normalise.email(record.email)


def _mark(level: Level) -> Mark:
    return _MARKS.get(level, Mark.CLOSE)


def _label(of: Field) -> str:
    labels = {
        Field.FIRST_NAME: _("First name"),
        Field.MIDDLE_NAME: _("Middle name"),
        Field.LAST_NAME: _("Last name"),
        Field.DATE_OF_BIRTH: _("Date of birth"),
        Field.TRN: _("TRN"),
        Field.NINO: _("National Insurance number"),
        Field.EMAIL: _("Email address"),
    }
    return str(labels[of])


def _stated(of: Field, user: User, person: PersonDetails) -> str:
    texts = {
        Field.FIRST_NAME: _with_previous(person.first_name, person.previous_first_names),
        Field.MIDDLE_NAME: person.middle_name,
        Field.LAST_NAME: _with_previous(person.last_name, person.previous_last_names),
        Field.DATE_OF_BIRTH: _day(person.date_of_birth),
        Field.TRN: person.trn,
        Field.NINO: _end_of(person.nino),
        Field.EMAIL: user.email,
    }
    return texts[of]


def _held(of: Field, record: TeachingRecord) -> str:
    texts = {
        Field.FIRST_NAME: _with_previous(record.first_name, record.previous_first_names),
        Field.MIDDLE_NAME: record.middle_name,
        Field.LAST_NAME: _with_previous(record.last_name, record.previous_last_names),
        Field.DATE_OF_BIRTH: _day(record.date_of_birth),
        Field.TRN: record.trn,
        Field.NINO: _end_of(record.nino),
        Field.EMAIL: record.email,
    }
    return texts[of]


def _with_previous(name: str, previous: tuple[str, ...]) -> str:
    if not previous:
        return name
    return str(_("%(name)s (before: %(previous)s)", name=name, previous=", ".join(previous)))


def _end_of(nino: str) -> str:
    """Agents see the end of the number; whether the numbers agree is said by the mark."""
    compact = "".join(nino.split())
    return str(_("ends in %(end)s", end=compact[-3:])) if compact else ""


def _day(of: date | None) -> str:
    return written_date(of) if of is not None else ""
