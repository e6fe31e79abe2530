"""What a person stated of themselves, as labelled lines for the helpdesk, in words that screens can translate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.domain.lookup import LookupReason, Statement
from identity_provider.domain.values import NationalInsuranceNumber, ValueRefused
from identity_provider.domain.words import N_, Words, joined
from identity_provider.models import Journey, User
from identity_provider.services.persons import Person
from identity_provider.vault import SealBroken, vault

NINO_CONTEXT = "nino"
"""What a sealed National Insurance number is sealed as, wherever it is kept."""

CHECK = "identity_check"
"""What a sealed report of an identity check is sealed as."""

NOT_GIVEN = Words(N_("Not given"))


class Stated(StrEnum):
    """The lines of a statement, by their labels in a ticket (domain.md, "Helpdesk")."""

    NAME = N_("Name")
    PREVIOUS_NAMES = N_("Previous names")
    EMAIL = N_("Email")
    DATE_OF_BIRTH = N_("Date of birth")
    NINO = N_("National Insurance number")
    TRN = N_("Stated TRN")
    TRAINING_PROVIDER = N_("Training provider")
    CLAIMS_QTS = N_("Claims QTS")
    OTHER_NAMES = N_("Other names or spellings")
    TEACHER_TRAINING = N_("Teacher training")
    SCHOOL_WORK = N_("Work in schools")
    SERVICE = N_("Service")
    WHY = N_("Why no match was made")


_WHY: dict[LookupReason, str] = {
    LookupReason.AMBIGUOUS: N_("Two or more records fit"),
    LookupReason.NEAR_MATCH: N_("There may be a record, but none could be linked automatically"),
    LookupReason.STATED_TRN_NOT_FOUND: N_("They gave a TRN, or say that they have one, and no record was found by it"),
    LookupReason.STATED_TRN_CONFLICTS: N_(
        "The TRN they gave is of a record that does not fit well enough, or the record that fits is another user's"
    ),
    LookupReason.CLAIMS_QTS: N_("They say that they have QTS or trained as a teacher, and no record was found"),
    LookupReason.REGISTER_UNAVAILABLE: N_("The register of teachers could not be searched"),
    LookupReason.WITH_HELPDESK: N_("It is for the helpdesk to decide"),
    LookupReason.EVIDENCE_UNDER_REVIEW: N_("Evidence of a change is under review"),
    LookupReason.NOT_LOOKED_UP: N_("They are still to be searched for, or questions to them are still open"),
    LookupReason.MATCHED: N_("A record was matched"),
    LookupReason.SUPPORT: N_("The helpdesk attached a TRN"),
    LookupReason.TRN_TOKEN: N_("They came with a link that names their TRN"),
    LookupReason.API: N_("A service attached a TRN"),
    LookupReason.IMPORT: N_("The TRN was imported"),
    LookupReason.ONE_LOGIN: N_("A record was matched by what GOV.UK One Login proved"),
    LookupReason.NO_RECORD: N_("No record resembles them"),
    LookupReason.CONFIRMED_BY_SUPPORT: N_("The helpdesk confirmed that there is no TRN"),
}

Said = Words | tuple[Words, ...] | date | str
"""What stands in a line: closed answers to be translated, a date to be written, or the person's own text."""


def why(reason: LookupReason) -> Words:
    """Why a search stands where it does, for staff."""
    return Words(_WHY[reason])


def statement_of(user: User, service: str, why_none: tuple[Words, ...] = ()) -> dict[Stated, Said]:
    """The person's statement, line by line; `why_none` says why no match was made, in as many sentences as it takes."""
    return {
        Stated.NAME: user.name.full,
        Stated.PREVIOUS_NAMES: ", ".join(previous_names(user)) or NOT_GIVEN,
        Stated.EMAIL: user.email,
        Stated.DATE_OF_BIRTH: user.date_of_birth or NOT_GIVEN,
        Stated.NINO: nino_end(user),
        Stated.TRN: user.stated_trn or _without_trn(user.stated_has_trn),
        Stated.TRAINING_PROVIDER: user.stated_training_provider or NOT_GIVEN,
        Stated.CLAIMS_QTS: _answer(user.stated_has_qts),
        **further_lines(FurtherAnswers.of(user.stated_further)),
        Stated.SERVICE: service or Words(N_("Not known")),
        Stated.WHY: why_none,
    }


def deciding(user: User) -> Statement:
    """What weighs on an empty answer of the register."""
    further = FurtherAnswers.of(user.stated_further)
    return Statement(user.stated_trn, user.stated_has_trn, user.stated_has_qts, further)


def said_in(journey: Journey) -> dict[str, Any]:
    """Which questions about the record were asked in this journey so far, and what was answered: kept as evidence.

    The numbers themselves are among the details that were searched for.
    """
    answers: dict[str, Any] = {
        "previous_names": journey.has_previous_names,
        "national_insurance_number": journey.has_nino,
        "teacher_reference_number": journey.has_trn,
        "qualified_teacher_status": journey.has_qts,
        "where_trained": journey.training_provider,
    }
    asked = {question: answer for question, answer in answers.items() if answer is not None}
    return asked | {name: answer for name, answer in journey.further_answers.items() if answer is not None}


def further_lines(further: FurtherAnswers) -> dict[Stated, Said]:
    """What was answered to the questions that are asked before "no record" is said; nothing that was not asked."""
    lines: dict[Stated, Said] = {}
    if further.other_names is not None:
        lines[Stated.OTHER_NAMES] = ", ".join(names_in(further.other_names)) or Words(N_("No other names"))
    if further.training is not None:
        lines[Stated.TEACHER_TRAINING] = _training(further, further.training)
    if further.school_work is not None:
        lines[Stated.SCHOOL_WORK] = _school_work(further, further.school_work)
    return lines


def _training(further: FurtherAnswers, training: Training) -> Words:
    told = ", ".join(each for each in (further.training_where, further.training_when) if each)
    if training is Training.NO:
        return training.words
    if training is Training.ENGLAND_OR_WALES:
        return Words(N_("Yes, in England or Wales: %(told)s"), {"told": told}) if told else training.words
    recognised = {
        True: N_("Yes, somewhere else, and awarded QTS in England: %(told)s"),
        False: N_("Yes, somewhere else, and not awarded QTS in England: %(told)s"),
        None: N_("Yes, somewhere else: %(told)s"),
    }[further.recognised]
    return Words(recognised, {"told": told or "-"})


def _school_work(further: FurtherAnswers, work: SchoolWork) -> Words:
    if work is SchoolWork.OTHER and further.school_role:
        return Words(N_("Yes, in another role: %(role)s"), {"role": further.school_role})
    return work.words


def lines_for_ticket(user: User, service: str, why_none: tuple[Words, ...]) -> list[tuple[str, str]]:
    """The statement in English, as it goes into a ticket."""
    return [(str(label), _in_english(said)) for label, said in statement_of(user, service, why_none).items()]


def _in_english(said: Said) -> str:
    if isinstance(said, tuple):
        return joined([str(each) for each in said])
    return day(said) if isinstance(said, date) else str(said)


def previous_names(user: User) -> list[str]:
    """The person's previous names, each as one text."""
    return names_in(user.stated_previous_names)


def names_in(kept: Iterable[dict[str, Any]]) -> list[str]:
    """Pairs of names as they are kept, each as one text."""
    names = [f"{each.get('first_name') or ''} {each.get('last_name') or ''}" for each in kept]
    return [" ".join(name.split()) for name in names if name.strip()]


def nino_of(user: User | Person) -> NationalInsuranceNumber | None:
    """The National Insurance number that the person stated; None when there is none that can be read."""
    if user.stated_nino_encrypted is None:
        return None
    try:
        return NationalInsuranceNumber.parse(vault.unseal(user.stated_nino_encrypted, NINO_CONTEXT))
    except (SealBroken, ValueRefused):
        return None


def nino_end(user: User) -> Words:
    """As much of the National Insurance number as a ticket may hold: its last three characters."""
    nino = nino_of(user)
    if nino is not None:
        return Words(N_("ends in %(end)s"), {"end": nino.last_three})
    # The question's answer is one for both: whoever gave it may well have a number.
    return Words(N_("No, or they do not know it")) if user.stated_has_nino is False else NOT_GIVEN


def day(date_of_birth: date) -> str:
    """A date in English as people write it: 4 March 1985."""
    return f"{date_of_birth.day} {date_of_birth:%B %Y}"


def _without_trn(has_one: bool | None) -> Words:
    """What somebody said of a TRN that they did not give: who has one may not know it."""
    unsure, none = Words(N_("They are not sure of it")), Words(N_("They say that they have none"))
    return {True: unsure, False: none, None: NOT_GIVEN}[has_one]


def _answer(given: bool | None) -> Words:
    return {True: Words(N_("Yes")), False: Words(N_("No")), None: Words(N_("Not answered"))}[given]
