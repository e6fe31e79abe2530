"""Asking the register whose record is a person's: every search is kept, and no answer is never an answer.

The register is asked outside any transaction: `look_up` reads no row and writes none. What came back is written
with `kept_lookups.keep`, in the caller's transaction.
"""

from __future__ import annotations

import time
import traceback
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

import structlog
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.absence import FurtherAnswers
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RegisterUnavailable, TrnAlreadyLinked, UserAlreadyHasTrn
from identity_provider.domain.lookup import (
    Ambiguous,
    Found,
    LookupReason,
    LookupState,
    LookupStatus,
    Near,
    Nothing,
    Statement,
    Unanswered,
    decide,
    pending,
)
from identity_provider.domain.questions import Question
from identity_provider.models import Client, Journey, User
from identity_provider.ports import TeacherRegister
from identity_provider.queue import defer
from identity_provider.services import (
    journey_standing,
    kept_lookups,
    leaked_trns,
    one_login_facts,
    outbox,
    rate_limits,
    statements,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM
from identity_provider.services.register_search import FAULT, Impatient, Occasion, Search, match_by, read
from identity_provider.vault import vault
from matching.matcher import MatchOutcome
from matching.policy import Policy
from matching.records import PersonDetails

log = structlog.get_logger("lookups")

_IN_HUMAN_HANDS = (LookupReason.WITH_HELPDESK, LookupReason.EVIDENCE_UNDER_REVIEW)

PATIENCE_SECONDS = 4.0
"""No person waits longer for the register in all; its adapter limits each call by itself."""

RECORD_FOUND = "record_found"
LOOK_UP_AGAIN = "look_up_again"
"""The job that asks anew for somebody whom the register could not answer."""


def look_up(
    person: PersonDetails,
    register: TeacherRegister,
    policy: MatchPolicy,
    *,
    occasion: Occasion,
    now: datetime,
    proved: bool = False,
) -> Search:
    """Ask the register for the person's record, and wait no longer than a person would.

    `proved`: GOV.UK One Login proved that name and date of birth are theirs, so that these alone may be enough.

    Never raises: a register that falls silent, or an adapter that breaks, is `Unanswered`, which no later step can
    take for "no such record".
    """
    started = time.monotonic()
    outcome: MatchOutcome | None = None
    why = "register_unavailable"
    try:
        patient = Impatient(register, started + PATIENCE_SECONDS)
        outcome = match_by(policy, person, patient, now.date(), proved=proved)
    except (RegisterUnavailable, TimeoutError) as silence:
        log.warning("register_unavailable", occasion=occasion, error=type(silence).__name__)
    except Exception as fault:  # noqa: BLE001 -- see below
        # Whatever broke, no search took place: it must not pass for an answer. The message is left out of the log,
        # since it may repeat what was asked.
        why = FAULT
        where = traceback.format_tb(fault.__traceback__)[-3:]
        log.error("lookup_failed", occasion=occasion, error=type(fault).__name__, where=where)  # noqa: TRY400
    took = round(1000 * (time.monotonic() - started))
    if outcome is None:
        return Search(Unanswered(), "unanswered", why, occasion, policy, now, took, person)
    answer, word, reason = read(outcome, policy)
    kept = outcome.explanation.to_json() | {"proved": proved}
    source = LookupReason.ONE_LOGIN if outcome.policy is Policy.VERIFIED else LookupReason.MATCHED
    return Search(answer, word, reason, occasion, policy, now, took, person, kept, outcome.weights_version, source)


def count(email: str, stated_trn: str | None, *, now: datetime) -> None:
    """Count one search for this person, and for the TRN they stated: nobody may probe the register.

    Raises RateLimited. To be committed before the register is asked.
    """
    rate_limits.count(rate_limits.LOOKUPS_PER_JOURNEY_EMAIL, email, now=now)
    if stated_trn:
        rate_limits.count(rate_limits.LOOKUPS_PER_STATED_TRN, stated_trn, now=now)


def person_of_journey(journey: Journey) -> PersonDetails:
    """What the person has said so far in this journey. The address counts only once it is proved."""
    return _person(
        (journey.first_name or "", journey.middle_name or "", journey.last_name or ""),
        [*journey.previous_names, *(FurtherAnswers.of(journey.further_answers).other_names or ())],
        date_of_birth=journey.date_of_birth,
        trn=journey.stated_trn or "",
        trn_leaked=leaked_trns.is_listed(journey.stated_trn),
        nino=vault.unseal(journey.nino_encrypted, statements.NINO_CONTEXT) if journey.nino_encrypted else "",
        email=journey.email or "",
        email_verified=journey_standing.is_address_proved(journey),
    )


def question_reached(journey: Journey) -> Question:
    """The last of the questions that help to find a record that has an answer in this journey."""
    asked = (
        (Question.OTHER_NAMES, FurtherAnswers.of(journey.further_answers).other_names),
        (Question.TRAINING, journey.training_provider),
        (Question.QTS, journey.has_qts),
        (Question.TRN, journey.has_trn),
        (Question.NINO, journey.has_nino),
    )
    return next((question for question, answer in asked if answer is not None), Question.DATE_OF_BIRTH)


def is_about(search: Search, journey: Journey) -> bool:
    """Whether the register was asked about the person whom this journey speaks of now.

    It is asked outside the lock: another tab may have changed an answer, or the account, meanwhile.
    """
    return search.asked == person_of_journey(journey)


def person_of(user: User) -> PersonDetails:
    """What this user has stated of themselves."""
    return _person(
        (user.first_name, user.middle_name, user.last_name),
        [*user.stated_previous_names, *(FurtherAnswers.of(user.stated_further).other_names or ())],
        date_of_birth=user.date_of_birth,
        trn=user.stated_trn or "",
        trn_leaked=leaked_trns.is_listed(user.stated_trn),
        nino=str(statements.nino_of(user) or ""),
        email=user.email,
        email_verified=user.email_verified_at is not None,
    )


def _person(names: tuple[str, str, str], previous: list[dict[str, Any]], **details: Any) -> PersonDetails:
    first, middle, last = names
    return PersonDetails(
        first_name=first,
        middle_name=middle,
        last_name=last,
        previous_first_names=tuple(each["first_name"] for each in previous if each.get("first_name")),
        previous_last_names=tuple(each["last_name"] for each in previous if each.get("last_name")),
        **details,
    )


def settle(user: User, search: Search, *, now: datetime) -> User | None:
    """Write where the user's lookup stands after this search; link them when their record was found.

    Returns the other user who holds the record, when there is one: nothing is linked then, and this user is pending.
    The caller holds the user. Before they were asked again about what they state, an empty answer is kept as "not
    looked up", never as `None` (matching.md, section 4). Where the helpdesk has spoken, no search is heard.
    """
    if user.lookup_status is LookupStatus.FAILED:
        return None
    said = statements.deciding(user)
    state = decide(search.answer, said)
    match search.answer:
        case Found(trn, level):
            return _link(user, trn, trn_links.Evidence(search.source, level, search.reason), now=now)
        case Unanswered():
            trn_links.stand_at(user, state, actor=SYSTEM, now=now)
            defer(LOOK_UP_AGAIN, key=f"{LOOK_UP_AGAIN}:{user.id}", user_id=str(user.id))
        case Ambiguous() | Near() | Nothing() if user.lookup_reason in _IN_HUMAN_HANDS:
            # People are deciding, and know more than a search that is not sure.
            return None
        case Nothing() if _was_none_before(user, said):
            # Said before the further questions were asked of everybody; an empty answer does not take it back.
            return None
        case Nothing() if user.asked_again_at is None and state.status is LookupStatus.NONE:
            trn_links.stand_at(user, pending(LookupReason.NOT_LOOKED_UP), actor=SYSTEM, now=now)
        case Ambiguous() | Near() | Nothing():
            trn_links.stand_at(user, _beside_a_case(user, state), actor=SYSTEM, now=now)
        case _:
            assert_never(search.answer)
    return None


def _was_none_before(user: User, said: Statement) -> bool:
    unasked = said.denies_a_record and not said.further.is_complete and not said.further.speaks_for_a_record
    return user.lookup_status is LookupStatus.NONE and unasked and support_tickets.open_case_of(user) is None


def is_to_be_asked(user: User, search: Search) -> bool:
    """Whether somebody known would be taken for one without a record, but was not asked everything for that yet."""
    if user.lookup_status is not LookupStatus.PENDING or user.lookup_reason is not LookupReason.NOT_LOOKED_UP:
        return False
    return isinstance(search.answer, Nothing) and statements.deciding(user).denies_a_record


def settle_nothing(user: User, *, now: datetime) -> LookupState:
    """The register held nobody like this person, and they were asked again: where that leaves them.

    Not where people are deciding: the helpdesk may have begun to look since the page was shown.
    """
    if user.lookup_reason in _IN_HUMAN_HANDS:
        return user.lookup_state
    state = _beside_a_case(user, decide(Nothing(), statements.deciding(user)))
    trn_links.stand_at(user, state, actor=SYSTEM, now=now)
    return state


def _beside_a_case(user: User, state: LookupState) -> LookupState:
    """What is written of somebody whose case is open: people were asked, and an empty answer is none of theirs."""
    if state.status is LookupStatus.NONE and support_tickets.open_case_of(user) is not None:
        return pending(LookupReason.WITH_HELPDESK)
    return state


def open_case_if_wanted(
    user: User, client: Client, journey: Journey | None, *, now: datetime, fault: bool = False
) -> None:
    """Give a pending search to the helpdesk, where the service wants that.

    Not when the register merely did not answer: that is asked again, and nobody could do more by hand. A `fault` of
    ours may come back at every try: then people look.
    """
    unanswered = user.lookup_reason is LookupReason.REGISTER_UNAVAILABLE and not fault
    if client.raise_tickets and user.lookup_status is LookupStatus.PENDING and not unanswered:
        support_tickets.open_case(user, client, journey, user.lookup_reason, now)


def look_up_again(user_id: UUID, register: TeacherRegister, now: datetime) -> None:
    """Ask the register once more for somebody who is pending or of whom it knew nothing; for the worker.

    Raises RegisterUnavailable when there is still no answer, so that the job is tried again. Not inside a
    transaction: the register is an outside thing.
    """
    with transaction():
        user = db.session.get(User, user_id)
        if user is None or not user.is_live or not is_open(user):
            return
        person, journey = person_of(user), _last_journey(user)
        proved = one_login_facts.is_confirmed(user)
    policy = journey.client.match_policy if journey else MatchPolicy.DEFAULT
    search = look_up(person, register, policy, occasion=Occasion.JOB, now=now, proved=proved)
    with transaction():
        user = db.session.get_one(User, user_id, with_for_update={"of": User}, populate_existing=True)
        if user.erased_at is not None:
            # What was found out about them is not written down after all.
            return
        kept_lookups.keep(search, user_id=user_id, journey_id=None)
        if not user.is_live or not is_open(user):
            return
        answered = not isinstance(search.answer, Unanswered)
        changed = search.asked != person_of(user)
        if answered and not changed:
            _settle_in_background(user, search, journey, now=now)
        elif search.is_fault and journey is not None:
            open_case_if_wanted(user, journey.client, journey, now=now, fault=True)
    if changed or not answered:
        raise RegisterUnavailable("the register is to be asked again")


def is_open(user: User) -> bool:
    """Whether the search for this user's record goes on: pending, or nothing found so far."""
    return user.lookup_status in (LookupStatus.PENDING, LookupStatus.NONE)


def _settle_in_background(user: User, search: Search, journey: Journey | None, *, now: datetime) -> None:
    holder = settle(user, search, now=now)
    if user.lookup_status is LookupStatus.FOUND:
        case = support_tickets.resolve_by_match(user, now, tell=True)
        if case is None and journey is not None:
            tell_of_record(user, journey.client, now=now)
    elif journey is not None and user.lookup_reason is not LookupReason.NOT_LOOKED_UP:
        # Who is still to be asked to check their answers is no case for people.
        open_case_if_wanted(user, journey.client, journey, now=now)
    if holder is not None:
        log.info("record_held_by_another_user", user_id=str(user.id), holder_id=str(holder.id))


def tell_of_record(user: User, client: Client, *, now: datetime) -> None:
    """Nobody is linked to a record without hearing of it; without a case nobody else writes to them."""
    words = {"service_name": client.name, "service_url": client.service_url or ""}
    outbox.post(RECORD_FOUND, f"record-found:{user.id}:{user.trn}", to=user.email, payload=words, now=now)


def _link(user: User, trn: str, evidence: trn_links.Evidence, *, now: datetime) -> User | None:
    if user.trn != trn and trn_links.was_ended(user, trn):
        trn_links.stand_at(user, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, now=now)
        return None
    try:
        trn_links.link(user, trn, evidence, actor=SYSTEM, now=now)
    except TrnAlreadyLinked:
        trn_links.stand_at(user, pending(LookupReason.STATED_TRN_CONFLICTS), actor=SYSTEM, now=now)
        return trn_links.holder_of(trn)
    except UserAlreadyHasTrn:
        # A stricter search for somebody who is linked found another record: a question for people, not for us.
        log.warning("search_contradicts_link", user_id=str(user.id))
    return None


def _last_journey(user: User) -> Journey | None:
    return db.session.scalar(
        select(Journey).where(Journey.user_id == user.id).order_by(Journey.created_at.desc()).limit(1)
    )
