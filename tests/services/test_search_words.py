"""How searches are told to staff: finely where the search that led there is known, and never more than is true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import User
from identity_provider.services import search_words, support_tickets
from identity_provider.services.register_search import FAULT, Occasion
from identity_provider.services.search_words import AGAINST, end_in_words
from matching import explain
from matching.matcher import Reason
from matching.policy import Block, Rule
from tests.builders import NOW, a_client, a_user
from tests.kit.lookups import a_lookup

ISSUER = "https://identity.example"


def at(reason: LookupReason) -> User:
    """Somebody whose search stands there."""
    status = LookupStatus.PENDING if reason is not LookupReason.NO_RECORD else LookupStatus.NONE
    return a_user(lookup_status=status, lookup_reason=reason)


def told(user: User) -> list[str]:
    """What staff read about where they stand."""
    return [str(each) for each in search_words.why_of(user)]


def test_every_reason_and_every_rule_of_the_matcher_has_a_sentence() -> None:
    for word in (*Reason, *Rule, FAULT, "register_unavailable", "no_record_strong", "no_record_weak"):
        assert str(end_in_words("", word)) != str(word).replace("_", " ").capitalize()


def test_every_block_has_a_sentence_and_the_console_says_what_the_audit_says() -> None:
    assert set(AGAINST) == {*Block, explain.NO_RULE}
    assert dict(AGAINST) == dict(explain.AGAINST)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.TOO_LITTLE_GIVEN, "Too little was given to tell, or not all of it could be read"),
        (Reason.TOO_MANY_CANDIDATES, "Too many records share what they gave, so that not all could be compared"),
        (
            Reason.REGISTER_INCOMPLETE,
            "The search could not be finished: the register of teachers answered in part only",
        ),
        (Reason.RECORD_CLOSED, "The record that fits is closed"),
        (Reason.NOT_RELEASED_BY_POLICY, "The record fits, but not enough was proved to link it"),
    ],
)
def test_what_is_stored_as_a_near_match_is_told_by_its_search(app: Flask, reason: Reason, said: str) -> None:
    user = at(LookupReason.NEAR_MATCH)
    a_lookup(user, "not_determinable", reason)
    assert told(user) == [said]


def test_of_a_near_match_nobody_says_more_than_is_known(app: Flask) -> None:
    user = at(LookupReason.NEAR_MATCH)
    general = "There may be a record, but none could be linked automatically"
    assert told(user) == [general]
    a_lookup(user, "ambiguous", Reason.AMBIGUOUS)
    assert told(user) == [general], "that search did not lead there"


def test_a_search_between_two_questions_decides_nothing(app: Flask) -> None:
    user = at(LookupReason.NEAR_MATCH)
    a_lookup(user, "not_determinable", Reason.RECORD_CLOSED, at=NOW - timedelta(minutes=2))
    a_lookup(user, "not_determinable", Reason.TOO_LITTLE_GIVEN, occasion=Occasion.JOURNEY)
    assert told(user) == ["The record that fits is closed"]


def test_what_kept_the_likeliest_record_is_told_behind_the_reason(app: Flask) -> None:
    user = at(LookupReason.NEAR_MATCH)
    kept: dict[str, Any] = {"rule": None, "blocked_by": [Block.NINO_CONTRADICTS, "of_long_ago"], "candidates": [{}]}
    a_lookup(user, "not_determinable", Reason.NEAR_MATCH, explanation=kept)
    assert told(user) == [
        "A record is close, but could not be linked",
        "What agrees with the likeliest record is not enough to link it.",
        "The National Insurance number given is not that of the likeliest record.",
        "Of long ago.",
    ]


@pytest.mark.parametrize(
    ("reason", "outcome", "kept", "said"),
    [
        (LookupReason.NOT_LOOKED_UP, "none", "no_record_weak",
         "No record resembles them so far, and questions to them are still open"),
        (LookupReason.STATED_TRN_NOT_FOUND, "none", "no_record_weak",
         "They say that they have a TRN, and no record resembles them"),
        (LookupReason.STATED_TRN_NOT_FOUND, "not_determinable", Reason.STATED_TRN_NOT_FOUND,
         "No record was found under the TRN they gave"),
        (LookupReason.STATED_TRN_CONFLICTS, "match", Rule.NAMES_AND_BIRTHDAY, "The record that fits is another user's"),
        (LookupReason.STATED_TRN_CONFLICTS, "not_determinable", Reason.STATED_TRN_CONFLICTS,
         "The TRN they gave is of a record that does not fit well enough"),
        (LookupReason.REGISTER_UNAVAILABLE, "unanswered", "register_unavailable",
         "The register of teachers did not answer"),
        (LookupReason.REGISTER_UNAVAILABLE, "unanswered", FAULT, "Something on our side broke"),
        (LookupReason.REGISTER_UNAVAILABLE, "unanswered", Reason.REGISTER_INCOMPLETE,
         "The search could not be done: the register of teachers holds no records yet"),
        (LookupReason.NEAR_MATCH, "unanswered", Reason.REGISTER_INCOMPLETE,
         "There may be a record, but none could be linked automatically"),
        (LookupReason.NO_RECORD, "none", "no_record_weak", "No record resembles them"),
    ],
)  # fmt: skip
def test_a_reason_that_stands_for_several_things_is_told_by_its_search(
    app: Flask, reason: LookupReason, outcome: str, kept: str, said: str
) -> None:
    user = at(reason)
    a_lookup(user, outcome, kept)
    assert told(user) == [said]


def test_nobody_who_was_not_searched_for_is_said_to_have_given_too_little(app: Flask) -> None:
    assert told(at(LookupReason.NOT_LOOKED_UP)) == [
        "They are still to be searched for, or questions to them are still open"
    ]


def test_the_ticket_says_the_reason_of_the_search_that_led_to_it(app: Flask) -> None:
    user = at(LookupReason.NEAR_MATCH)
    kept = {"rule": Rule.IDENTIFIER_BIRTHDAY_AND_NAME, "blocked_by": [Block.STATED_NINO_IS_ANOTHER], "candidates": [{}]}
    a_lookup(user, "not_determinable", Reason.NEAR_MATCH, explanation=kept)
    with transaction():
        case = support_tickets.open_case(user, a_client(), None, LookupReason.NEAR_MATCH, NOW)
    a_lookup(user, "not_determinable", Reason.TOO_LITTLE_GIVEN, at=NOW + timedelta(days=1))
    assert (
        "Why no match was made: A record is close, but could not be linked."
        " The National Insurance number given is that of another record."
    ) in support_tickets.ticket_for(case, ISSUER).body.splitlines()
    assert told(user) == ["Too little was given to tell, or not all of it could be read"]
