"""Bits: what agreement on a common and on a rare value is worth."""

import math
from dataclasses import replace

import pytest

from matching.comparisons import Field, Level, NameRelation
from matching.records import CandidateAnswer, NameStatistics
from matching.weights import AGREEMENT, FIXED, TABLE, Rarity, identifier_bits, joint_bits, name_bits, swapped_bits

STATISTICS = NameStatistics(
    first_names={"sarah": 30_000, "emma": 20_000, "gemma": 15_000, "emna": 0, "james": 40_000, "smith": 3},
    last_names={"smith": 36_000, "featherstone": 100, "smtih": 0, "thomas": 20_000, "sarah": 0, "james": 9_000},
    pairs={("sarah", "smith"): 900, ("sarah", "featherstone"): 1},
)
RARITY = Rarity(3_000_000, STATISTICS, has_year=True)


def same(name: str) -> NameRelation:
    return NameRelation(Level.SAME, name, name)


def test_a_rare_name_is_worth_more_than_a_common_one() -> None:
    common = name_bits(Field.LAST_NAME, same("smith"), RARITY)
    rare = name_bits(Field.LAST_NAME, same("featherstone"), RARITY)
    assert common == pytest.approx(math.log2(0.86 / 0.012), abs=0.1)
    assert rare > common + 8


def test_a_last_name_is_as_rare_as_strangers_state_it_who_state_one_where_records_know_several() -> None:
    """A register that counts 1.3 last names a record: of 130 names counted a stranger states 100."""
    counted = Rarity(3_000_000, replace(STATISTICS, last_names_counted=3_900_000), has_year=True)
    bits = name_bits(Field.LAST_NAME, same("smith"), RARITY)
    assert name_bits(Field.LAST_NAME, same("smith"), counted) == pytest.approx(bits + math.log2(1.3))
    assert counted.together(("sarah", "smith"), 0.0) == pytest.approx(RARITY.together(("sarah", "smith"), 0.0) / 1.3)
    assert name_bits(Field.FIRST_NAME, same("sarah"), counted) == name_bits(Field.FIRST_NAME, same("sarah"), RARITY)


def test_whoever_states_two_last_names_has_two_chances() -> None:
    twice = Rarity(3_000_000, STATISTICS, has_year=True, last_names_stated=2)
    bits = name_bits(Field.LAST_NAME, same("smith"), RARITY)
    assert name_bits(Field.LAST_NAME, same("smith"), twice) == pytest.approx(bits - 1)


def test_a_slip_is_judged_by_what_was_typed() -> None:
    slip = name_bits(Field.FIRST_NAME, NameRelation(Level.NEARLY, "emna", "emma", 1), RARITY)
    name = name_bits(Field.FIRST_NAME, NameRelation(Level.NEARLY, "gemma", "emma", 1), RARITY)
    assert slip > 4
    assert name < 0


def test_a_misstated_name_is_never_worth_more_than_the_right_one() -> None:
    slip = name_bits(Field.LAST_NAME, NameRelation(Level.NEARLY, "smtih", "smith", 1), RARITY)
    assert slip <= name_bits(Field.LAST_NAME, same("smith"), RARITY)


def test_names_that_many_bear_together_are_worth_less_than_their_sum() -> None:
    both = joint_bits(same("sarah"), same("smith"), 12.5, RARITY)
    alone = joint_bits(same("sarah"), same("featherstone"), 20.0, RARITY)
    assert both < -1
    assert alone > both


def test_names_in_each_other_s_place_cost_only_where_both_readings_are_names() -> None:
    assert swapped_bits("smith", "sarah", RARITY) > -1.0
    assert swapped_bits("james", "thomas", RARITY) < swapped_bits("smith", "sarah", RARITY)


def test_identifiers_are_worth_more_in_a_larger_register() -> None:
    assert identifier_bits(Field.TRN, Level.SAME, 3_000_000) > identifier_bits(Field.TRN, Level.SAME, 10_000)
    assert identifier_bits(Field.TRN, Level.DIFFERENT, 10_000) < 0
    assert identifier_bits(Field.TRN, Level.MISSING, 10_000) == 0


def test_a_birthday_that_many_share_is_worth_less() -> None:
    answer = CandidateAnswer(())
    assert Rarity.of(answer, 100_000, has_year=True, same_day=4, last_names_stated=1).birthday == 0.0
    assert Rarity.of(answer, 100_000, has_year=True, same_day=100, last_names_stated=1).birthday < -3


def test_every_weight_says_where_it_comes_from() -> None:
    assert all(weight.source for weight in TABLE.values())
    assert all(0 < m < 1 for m in AGREEMENT.values())
    assert len(FIXED) + len(AGREEMENT) == len(TABLE) > 30
