"""Which page of a sign-in comes next: one pure walk over what was answered (domain.md, "The sign-in journey").

The same walk says which page comes next, which pages may be entered, and where Back leads, so that the three can
never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Question(StrEnum):
    """The pages of a sign-in; the value is the last part of the page's address."""

    CHOOSE_ACCOUNT = "choose-account"
    EMAIL = "email"
    CODE = "code"
    SHARED_MAILBOX = "shared-mailbox"
    MOBILE = "mobile-number"
    MOBILE_CODE = "mobile-code"
    NAME = "name"
    PREVIOUS_NAMES = "previous-names"
    PREFERRED_NAME = "preferred-name"
    DATE_OF_BIRTH = "date-of-birth"
    EXISTING_ACCOUNT = "existing-account"
    EXISTING_ACCOUNT_CODE = "existing-account-code"
    NINO = "national-insurance-number"
    TRN = "teacher-reference-number"
    QTS = "qualified-teacher-status"
    TRAINING = "where-you-trained"
    OTHER_NAMES = "other-names"
    TEACHER_TRAINING = "teacher-training"
    TRAINING_DETAILS = "teacher-training-details"
    SCHOOL_WORK = "work-in-schools"
    CHECK_ANSWERS = "check-answers"
    TRN_IN_USE = "trn-in-use"
    CHOOSE_EMAIL = "choose-email"
    NO_MATCH = "no-match"
    OUTCOME = "outcome"
    CONNECT_ONE_LOGIN = "connect-one-login"
    PASSKEY = "passkey"
    CONSENT = "what-you-share"
    BARRED = "cannot-continue"
    # Not a page: the person goes back to the service.
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is known of a journey. None was not answered yet; nothing else counts as an answer."""

    # The service asks which account it shall be, one is signed in at this browser, and none was given otherwise.
    choose_account: bool = False
    # The answer was "another one" (False: the one that is signed in). None was not answered yet.
    another_account: bool | None = None
    has_email: bool = False
    # The address was proved in this journey, and where an account is known this browser is signed in to it.
    proved: bool = False
    has_account: bool = False
    # The account was there before this journey: its person is never asked for name and birthday again.
    known_account: bool = False
    shared_mailbox: bool = False
    shared_mailbox_accepted: bool | None = None
    # The service asks for a mobile number, and text messages can be sent. None was not answered yet, False is no.
    wants_mobile: bool = False
    has_mobile: bool | None = None
    mobile_proved: bool = False
    has_name: bool = False
    has_previous_names: bool | None = None
    has_preferred_name: bool = False
    has_date_of_birth: bool = False
    # Another account has this name and birthday; is it theirs, and was its address proved?
    existing_account: bool = False
    existing_account_is_mine: bool | None = None
    other_address_proved: bool = False
    # The person's record is to be found for the service.
    wants_record: bool = False
    # The record is known; the service wants more proof that it is theirs.
    step_up: bool = False
    matched: bool = False
    has_nino: bool | None = None
    has_trn: bool | None = None
    has_qts: bool | None = None
    has_training_provider: bool = False
    # The register answered that it holds nobody like this person; what is asked of them then, and only then.
    nothing_near: bool = False
    has_other_names: bool | None = None
    has_teacher_training: bool | None = None
    has_training_details: bool = False
    has_school_work: bool | None = None
    # The answers as they stand were sent off (or there was nothing to ask).
    submitted: bool = False
    # The record is linked to another account, whose address the person has not said to be out of reach.
    trn_in_use: bool = False
    may_try_again: bool = False
    has_something_to_say: bool = False
    outcome_seen: bool = False
    # They came by a GOV.UK One Login of another address: shall it open their account from now on?
    one_login_waits: bool = False
    # The service takes nothing but a passkey and none was shown; or one is offered, and may be declined.
    passkey_due: bool = False
    # The person has to say whether the service may know what it asks for.
    consent_due: bool = False
    # The service was refused this person at the moment of issue.
    barred: bool = False


def path(answers: Answers) -> tuple[Question, ...]:
    """Every page that may be entered now, in order; the last one is the page that waits for an answer."""
    if not answers.proved:
        return tuple(_until_proved(answers))
    if answers.barred:
        return (Question.BARRED,)
    if not answers.submitted:
        return tuple(_questions(answers))
    then = _after_submission(answers)
    return (*_questions(answers), then) if _may_be_changed(answers) else (then,)


def next_question(answers: Answers) -> Question:
    """The page that waits for an answer; `DONE` when there is none."""
    return path(answers)[-1]


def may_enter(answers: Answers, question: Question) -> bool:
    """Whether this page may be looked at and answered now."""
    return question in path(answers)


def previous_question(answers: Answers, question: Question) -> Question | None:
    """Where Back leads from a page; None on the first one."""
    way = path(answers)
    at = way.index(question) if question in way else 0
    return way[at - 1] if at > 0 else None


def _until_proved(answers: Answers) -> Iterator[Question]:
    if answers.choose_account:
        yield Question.CHOOSE_ACCOUNT
        if answers.another_account is None:
            return
    # Who is known by an account proves the account's own address: another one may not be put in its place.
    if not answers.has_account:
        yield Question.EMAIL
    if answers.has_email or answers.has_account:
        yield Question.CODE


def _questions(answers: Answers) -> Iterator[Question]:
    """The questions up to the first one without an answer, and the check of all answers at the end."""
    for question, answered in _asked(answers):
        yield question
        if not answered:
            return
    yield Question.CHECK_ANSWERS


def _asked(answers: Answers) -> Iterator[tuple[Question, bool]]:
    if answers.known_account:
        if answers.wants_record and not answers.has_date_of_birth:
            yield Question.DATE_OF_BIRTH, False
        yield from _asked_about_record(answers)
        return
    if not answers.has_account:
        # Once there is an account, its address may not be exchanged for another one.
        yield Question.EMAIL, True
        if answers.shared_mailbox:
            yield Question.SHARED_MAILBOX, answers.shared_mailbox_accepted is not None
        yield from _asked_about_mobile(answers)
    yield Question.NAME, answers.has_name
    yield Question.PREVIOUS_NAMES, answers.has_previous_names is not None
    yield Question.PREFERRED_NAME, answers.has_preferred_name
    yield Question.DATE_OF_BIRTH, answers.has_date_of_birth
    if answers.existing_account:
        yield Question.EXISTING_ACCOUNT, answers.existing_account_is_mine is not None
        if answers.existing_account_is_mine:
            yield Question.EXISTING_ACCOUNT_CODE, answers.other_address_proved
            yield Question.CHOOSE_EMAIL, False
    yield from _asked_about_record(answers)


def _asked_about_mobile(answers: Answers) -> Iterator[tuple[Question, bool]]:
    """A second contact, if they like: off the way of everybody who comes from a service that does not ask for it."""
    if answers.wants_mobile:
        yield Question.MOBILE, answers.has_mobile is not None
        if answers.has_mobile:
            yield Question.MOBILE_CODE, answers.mobile_proved


def _asked_about_record(answers: Answers) -> Iterator[tuple[Question, bool]]:
    """Asking stops as soon as the record is found; what was asked before stays on the way, for Back and Change."""
    if answers.wants_record:
        yield from _asked_to_find(answers)
        yield from _asked_before_none(answers)


def _asked_to_find(answers: Answers) -> Iterator[tuple[Question, bool]]:
    for question, answered in (
        (Question.NINO, answers.has_nino is not None),
        (Question.TRN, answers.has_trn is not None),
        (Question.QTS, answers.has_qts is not None),
        (Question.TRAINING, answers.has_training_provider),
    ):
        if question is Question.QTS and answers.step_up:
            return
        if question is Question.TRAINING and not answers.has_qts:
            return
        if answered or not answers.matched:
            yield question, answered


def _asked_before_none(answers: Answers) -> Iterator[tuple[Question, bool]]:
    """What tells a missing record from wrong answers: asked only of somebody who would otherwise have none."""
    denied = answers.has_trn is False and answers.has_qts is False
    due = answers.nothing_near and denied and not answers.matched and not answers.step_up
    for question, answered in (
        (Question.OTHER_NAMES, answers.has_other_names is not None),
        (Question.TEACHER_TRAINING, answers.has_teacher_training is not None),
        (Question.SCHOOL_WORK, answers.has_school_work is not None),
    ):
        if answered or due:
            yield question, answered
        if question is Question.TEACHER_TRAINING and answers.has_teacher_training:
            yield Question.TRAINING_DETAILS, answers.has_training_details


def _may_be_changed(answers: Answers) -> bool:
    """Whether the answers may still be changed after they were sent off."""
    if answers.trn_in_use:
        return not answers.known_account and not answers.other_address_proved
    return answers.may_try_again


def _after_submission(answers: Answers) -> Question:
    if answers.trn_in_use:
        return Question.CHOOSE_EMAIL if answers.other_address_proved else Question.TRN_IN_USE
    if answers.may_try_again:
        return Question.NO_MATCH
    if answers.has_something_to_say and not answers.outcome_seen:
        return Question.OUTCOME
    if answers.one_login_waits:
        return Question.CONNECT_ONE_LOGIN
    if answers.passkey_due:
        return Question.PASSKEY
    return Question.CONSENT if answers.consent_due else Question.DONE
