"""What staff read about an outcome."""

import json
from dataclasses import replace
from datetime import date

from matching.explain import AGAINST, NO_RULE, sentence, sentences, standing_against
from matching.matcher import PotentialMatches
from matching.policy import Block
from matching.weights import VERSION
from tests.kit.people import ALEX, a_person, a_record, outcome_of


def test_every_difference_is_said_in_a_sentence_strongest_first() -> None:
    person = a_person(first_name="Alex", trn="1234576", middle_name="Rose")
    told = sentences(outcome_of(person, ALEX).candidates[0])
    assert set(told) >= {
        "Same date of birth (1984-05-17).",
        "Same last name (featherstone).",
        "First name is a short or other form (alex / alexandra).",
        "Same middle name (rose).",
        "The TRN given differs by one slip (1234576 / 1234567).",
    }


def test_a_field_without_a_sentence_of_its_own_differs() -> None:
    candidate = outcome_of(a_person(last_name="Quill"), ALEX).candidates[0]
    assert "Last name differs (quill / featherstone)." in sentences(candidate)


def test_nothing_is_said_of_what_was_not_given() -> None:
    candidate = outcome_of(a_person(), ALEX).candidates[0]
    assert [sentence(c) for c in candidate.comparisons if c.field.value == "trn"] == [""]


def test_numbers_and_addresses_are_not_repeated_in_what_is_stored() -> None:
    stored = json.dumps(outcome_of(a_person(nino=ALEX.nino, email=ALEX.email), ALEX).explanation.to_json())
    assert ALEX.nino[:8] not in stored
    assert ALEX.email not in stored


def test_what_is_stored_names_rule_blocks_policy_and_weights() -> None:
    namesake = a_record(trn="7654321", nino="CE654321A", email="", date_of_birth=date(1984, 5, 17))
    outcome = outcome_of(a_person(), ALEX, namesake)
    assert isinstance(outcome, PotentialMatches)
    stored = outcome.explanation.to_json()
    assert stored["rule"] == "names_and_birthday"
    assert Block.ANOTHER_FITS_TOO.value in stored["blocked_by"]
    assert stored["weights_version"] == VERSION
    assert stored["policy"] == "Linkage"
    assert stored["near"] == [candidate["trn"] for candidate in stored["candidates"]]


def test_every_block_has_a_sentence() -> None:
    assert set(AGAINST) == {*Block, NO_RULE}
    assert all(said.endswith(".") for said in AGAINST.values())


def test_what_stands_against_a_link_is_named() -> None:
    other = a_record(trn="7654321", first_name="Walter", last_name="Quill", date_of_birth=date(1961, 3, 9))
    other = replace(other, nino="CE654321A", email="")
    of_another = outcome_of(a_person(nino="CE654321A"), ALEX, other).explanation.to_json()
    assert Block.STATED_NINO_IS_ANOTHER in standing_against(of_another)
    assert NO_RULE not in standing_against(of_another)
    weak = outcome_of(a_person(first_name="Charlotte"), ALEX).explanation.to_json()
    assert standing_against(weak)[0] == NO_RULE
    nobody = outcome_of(a_person(first_name="Zenobia", last_name="Quill", date_of_birth=date(1961, 3, 9)))
    for nothing in (outcome_of(a_person(ALEX, trn=ALEX.trn), ALEX).explanation, nobody.explanation):
        assert standing_against(nothing.to_json()) == ()
    assert standing_against({}) == ()
