"""What somebody found who set out to be linked to a relative's record."""

from dataclasses import replace
from datetime import date

import pytest

from matching.given_names import are_family_name_forms
from matching.matcher import NoMatch
from matching.policy import Policy
from matching.records import TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of
from tests.matching.test_seen_by_a_reviewer import EVERY, called, linked


@pytest.mark.parametrize("policy", EVERY)
@pytest.mark.parametrize(
    ("typed", "held"), [("Ji-Yeon", "Ji-Yun"), ("Min-Su", "Min-Seo"), ("Hye Su", "Hye Seo"), ("Xiao Yu", "Xiao You")]
)
def test_siblings_share_one_syllable_and_not_the_other(policy: Policy, typed: str, held: str) -> None:
    twin = called(held, last_name="Kim")
    stated = a_person(twin, first_name=typed)
    for person in (stated, replace(stated, trn=twin.trn), replace(stated, nino=twin.nino)):
        assert linked(outcome_of(person, twin, policy=policy)) is None


LUCY = called("Lucy", last_name="Marsh", trn="7654321", nino="ZX111111C")


@pytest.mark.parametrize("policy", [Policy.LINKAGE, Policy.DEFAULT, Policy.STRICT])
@pytest.mark.parametrize(
    "own",
    [
        replace(LUCY, first_name="Luccy"),
        replace(LUCY, first_name="Sarah", middle_name="Lucy"),
        replace(LUCY, first_name="L"),
    ],
)
def test_both_numbers_of_a_twin_link_nobody_whose_own_record_is_not_quite_as_stated(
    policy: Policy, own: TeachingRecord
) -> None:
    twin = called("Emily", last_name="Marsh")
    stated = a_person(twin, first_name="Lucy", trn=twin.trn, nino=twin.nino)
    assert linked(outcome_of(stated, twin, policy=policy)) == twin.trn, "nobody else is known"
    assert linked(outcome_of(stated, twin, own, policy=policy)) is None


@pytest.mark.parametrize(
    ("held", "stated"), [("Zo?", "Zola"), ("?ine", "Elaine"), ("Si?n", "Simon"), ("No?l", "Nobel")]
)
def test_a_lost_letter_is_one_letter(held: str, stated: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=stated, trn=record.trn), record)) is None


def test_a_middle_name_that_families_share_tells_nobody_from_a_namesake() -> None:
    record = called("Sukhvinder", "Kaur", last_name="Gill")
    namesake = called("Sukhvinder", last_name="Gill", trn="7654321", nino="", date_of_birth=date(1984, 5, 16))
    stated = a_person(record, middle_name="Kaur", date_of_birth=date(1984, 5, 16), nino=record.nino)
    assert linked(outcome_of(stated, record, namesake)) is None


def test_a_form_in_the_other_box_that_is_a_twin_s_links_nobody() -> None:
    record = called("Caroline", last_name="Marsh")
    stated = a_person(record, first_name="Marsh", last_name="Lynn", nino=record.nino)
    assert linked(outcome_of(stated, record)) is None


@pytest.mark.parametrize(("her", "his"), [("casanova", "casan"), ("cordova", "corda"), ("villanova", "villan")])
def test_not_every_name_in_ova_is_czech(her: str, his: str) -> None:
    assert not are_family_name_forms(her, his)


@pytest.mark.parametrize(
    ("short", "formal"),
    [("Mike", "Michael"), ("Beth", "Elizabeth"), ("Bill", "William"), ("Debbie", "Deborah"), ("Vicki", "Victoria")],
)
def test_a_short_form_of_the_middle_name_is_known_although_it_has_short_forms_itself(short: str, formal: str) -> None:
    record = called("Keith", formal)
    stated = a_person(record, first_name=short)
    for number in ("trn", "nino"):
        assert linked(outcome_of(replace(stated, **{number: getattr(record, number)}), record)) == record.trn
    near = replace(stated, date_of_birth=date(1984, 5, 16))
    assert not isinstance(outcome_of(near, record), NoMatch)


@pytest.mark.parametrize(("stated", "held"), [("Mary", "Marilyn"), ("Hannah", "Susan")])
def test_a_name_of_its_own_is_no_form_of_a_middle_name(stated: str, held: str) -> None:
    record = called("Margaret", held)
    assert linked(outcome_of(a_person(record, first_name=stated, nino=record.nino), record)) is None


@pytest.mark.parametrize(("cut", "held"), [("Dav", "David"), ("Heath", "Heather"), ("Laksh", "Lakshmi")])
def test_a_name_that_was_cut_links_by_a_number_in_a_small_register(cut: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="", email="")
    assert linked(outcome_of(a_person(record, first_name=cut, trn=record.trn), record)) == record.trn
