"""A number that is somebody else's: whoever else fits better forbids the link, and nobody is told to be `none`."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, NoMatch
from matching.policy import Block, blocks
from matching.records import PersonDetails, TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of

BORN = date(1997, 6, 1)
BENJAMIN = a_record(
    trn="3000001", first_name="Benjamin", middle_name="", last_name="Mills", previous_last_names=(), date_of_birth=BORN,
    nino="", email="",
)  # fmt: skip
A_MONTH_YOUNGER = replace(BENJAMIN, trn="3000002", date_of_birth=date(1997, 7, 1))
COUSIN = replace(BENJAMIN, trn="3000003", first_name="Christopher", last_name="Howard")
CHRISTOPHER = replace(COUSIN, trn="3000004", last_name="Leach")
SALLY = replace(BENJAMIN, trn="3000005", first_name="Sally", last_name="Dunne")
CARLY = replace(SALLY, trn="3000006", first_name="Carly")
BEN = a_person(BENJAMIN, first_name="Ben")


def against(person: PersonDetails, holder: TeachingRecord, other: TeachingRecord) -> tuple[Block, ...]:
    """What speaks against linking the holder of the stated number beside the other record, however likely that is."""
    found = {candidate.record.trn: candidate for candidate in outcome_of(person, holder, other).candidates}
    return blocks(found[holder.trn], [found[other.trn]], 0.0)


@pytest.mark.parametrize(
    ("own", "others", "stated"),
    [
        (BENJAMIN, A_MONTH_YOUNGER, BEN),
        (BENJAMIN, A_MONTH_YOUNGER, a_person(BENJAMIN, first_name="Benjamim")),
        (CHRISTOPHER, COUSIN, a_person(CHRISTOPHER, first_name="C")),
    ],
)
def test_a_number_of_somebody_alike_does_not_link_beside_the_record_that_fits_better(
    own: TeachingRecord, others: TeachingRecord, stated: PersonDetails
) -> None:
    assert against(replace(stated, trn=others.trn), others, own) == (Block.ANOTHER_FITS_BETTER,)
    assert against(replace(stated, trn=own.trn), own, others) == ()
    assert not isinstance(outcome_of(replace(stated, trn=others.trn), own, others), DefiniteMatch)
    theirs = outcome_of(replace(stated, trn=own.trn), own, others)
    assert isinstance(theirs, DefiniteMatch)
    assert theirs.record.trn == own.trn


def test_who_is_called_exactly_so_is_not_doubted_for_a_slip_in_the_birthday() -> None:
    slipped = a_person(BENJAMIN, date_of_birth=date(1997, 6, 2), trn=BENJAMIN.trn)
    of_that_day = replace(BENJAMIN, trn="3000007", last_name="Wills", date_of_birth=date(1997, 6, 2))
    assert against(slipped, BENJAMIN, of_that_day) == ()
    by_middle = replace(slipped, first_name="Benjamim", middle_name="Amos")
    namesake = replace(of_that_day, last_name="Mills")
    assert against(by_middle, replace(BENJAMIN, middle_name="Amos"), namesake) == ()
    misspelt = replace(slipped, first_name="Benjamim", email="ben@example.com")
    assert against(misspelt, BENJAMIN, namesake) == (Block.ANOTHER_FITS_BETTER,)
    assert against(misspelt, replace(BENJAMIN, email="ben@example.com"), namesake) == ()


def test_a_twins_number_does_not_link_beside_the_record_that_is_one_slip_away() -> None:
    assert Block.ANOTHER_FITS_BETTER in against(a_person(CARLY, first_name="Caly", trn=SALLY.trn), SALLY, CARLY)


def test_another_number_on_a_record_of_that_day_and_a_rare_name_does_not_say_that_there_is_none() -> None:
    held = replace(BENJAMIN, first_name="Orla", last_name="Brackenridge", nino="AB123456C")
    for newly in (a_person(held, last_name="Quigley"), a_person(held, first_name="Zuzanna")):
        outcome = outcome_of(replace(newly, nino="CE654321A"), held)
        assert not isinstance(outcome, NoMatch)
