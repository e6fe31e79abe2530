"""The matcher as a whole: one record, or the reason why none."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches, Reason, match
from matching.memory import InMemoryRegister
from matching.policy import Policy, Rule
from matching.records import (
    CandidateAnswer,
    CandidateQuestion,
    PersonDetails,
    RecordStatus,
)
from tests.kit.people import ALEX, TODAY, a_person, a_record, a_register, outcome_of

TWIN = a_record(trn="7654321", first_name="Beatrice", middle_name="", nino="CE654321A", email="")


def linked(outcome: MatchOutcome) -> str:
    assert isinstance(outcome, DefiniteMatch), outcome
    return outcome.record.trn


def refused(outcome: MatchOutcome) -> Reason:
    assert isinstance(outcome, PotentialMatches), outcome
    return outcome.reason


@pytest.mark.parametrize(
    "stated",
    [
        {"first_name": "ALEXANDRA", "last_name": "  featherstone "},
        {"first_name": "Alex"},
        {"first_name": "Alexandar"},
        {"last_name": "Fetherstone"},
        {"last_name": "Okafor"},
        {"last_name": "Smith", "previous_last_names": ("Featherstone",)},
        {"last_name": "Featherstone-Haigh"},
        {"first_name": "Featherstone", "last_name": "Alexandra"},
        {"first_name": "Alexandra Rose"},
        {"first_name": "Mrs Alexandra", "last_name": "Featherstone PGCE"},
    ],
)
def test_names_in_another_form_still_find_their_record(stated: dict[str, Any]) -> None:
    assert linked(outcome_of(a_person(**stated), ALEX)) == ALEX.trn


@pytest.mark.parametrize("typed", ["RP 12/34567", "12/34567", "１２３４５６７", "TRN 1234567"])
def test_a_trn_is_read_however_it_is_written(typed: str) -> None:
    outcome = outcome_of(a_person(trn=typed), ALEX)
    assert linked(outcome) == ALEX.trn
    assert outcome.explanation.found_early


@pytest.mark.parametrize("born", [date(1984, 5, 18), date(1985, 5, 17), date(1948, 5, 17), date(1984, 6, 17), None])
def test_an_identifier_and_both_names_bear_a_date_that_is_near_or_missing(born: date | None) -> None:
    assert linked(outcome_of(a_person(trn="1234567", date_of_birth=born), ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(nino="ab 12 34 56", date_of_birth=born), ALEX)) == ALEX.trn


@pytest.mark.parametrize("typed", ["1234576", "1234568", "0234567"])
def test_a_trn_one_slip_away_links_with_names_and_birthday(typed: str) -> None:
    outcome = outcome_of(a_person(trn=typed), ALEX)
    assert linked(outcome) == ALEX.trn
    assert isinstance(outcome, DefiniteMatch)
    assert outcome.rule is Rule.NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY


def test_a_stated_trn_of_another_record_never_links_either_of_them() -> None:
    other = a_record(trn="2222222", first_name="Gareth", last_name="Hughes", date_of_birth=date(1970, 1, 2), nino="")
    assert refused(outcome_of(a_person(trn="2222222"), ALEX, other)) is Reason.STATED_TRN_CONFLICTS


def test_the_trn_of_a_twin_links_nobody() -> None:
    assert refused(outcome_of(a_person(trn=TWIN.trn), ALEX, TWIN)) is Reason.STATED_TRN_CONFLICTS


def test_the_trn_of_a_twin_links_nobody_when_the_asker_has_no_record() -> None:
    assert refused(outcome_of(a_person(trn=TWIN.trn), TWIN)) is Reason.STATED_TRN_CONFLICTS


def test_the_trn_of_a_parent_of_the_same_name_links_nobody() -> None:
    child = a_person(trn=ALEX.trn, date_of_birth=date(2006, 5, 17))
    assert refused(outcome_of(child, ALEX)) is Reason.STATED_TRN_CONFLICTS


def test_the_national_insurance_number_settles_a_mistaken_trn() -> None:
    assert linked(outcome_of(a_person(trn="5555555", nino="AB123456C"), ALEX)) == ALEX.trn


def test_a_trn_that_nobody_has_is_not_overruled_by_a_name() -> None:
    assert refused(outcome_of(a_person(trn="5550000"), ALEX)) is Reason.STATED_TRN_NOT_FOUND


def test_another_national_insurance_number_forbids_a_link() -> None:
    assert refused(outcome_of(a_person(nino="CE999999A"), ALEX)) is Reason.NEAR_MATCH


def test_twins_are_told_apart_by_their_first_names() -> None:
    assert linked(outcome_of(a_person(), ALEX, TWIN)) == ALEX.trn
    assert linked(outcome_of(a_person(TWIN), ALEX, TWIN)) == TWIN.trn


def test_a_twin_who_is_not_registered_is_not_taken_for_the_one_who_is() -> None:
    assert refused(outcome_of(a_person(first_name="Charlotte"), ALEX)) is Reason.NEAR_MATCH


def test_two_people_of_one_name_and_birthday_are_ambiguous() -> None:
    namesake = a_record(trn="7654321", nino="CE654321A", email="")
    outcome = outcome_of(a_person(), ALEX, namesake)
    assert refused(outcome) is Reason.AMBIGUOUS
    assert {candidate.record.trn for candidate in outcome.candidates[:2]} == {ALEX.trn, namesake.trn}


def test_a_namesake_is_told_apart_by_the_number() -> None:
    namesake = a_record(trn="7654321", nino="CE654321A", email="")
    assert linked(outcome_of(a_person(nino="CE654321A"), ALEX, namesake)) == namesake.trn


def test_another_record_that_fits_exactly_forbids_a_nickname_match() -> None:
    exact = a_record(trn="7654321", first_name="Alex", nino="CE654321A")
    outcome = outcome_of(a_person(first_name="Alex", trn=ALEX.trn), ALEX, exact)
    assert isinstance(outcome, PotentialMatches)


def test_a_merged_record_leads_to_its_survivor() -> None:
    old = a_record(trn="0000042", status=RecordStatus.MERGED, merged_into=ALEX.trn, last_name="Okafor")
    outcome = outcome_of(a_person(last_name="Okafor", trn="0000042"), ALEX, old)
    assert linked(outcome) == ALEX.trn
    assert outcome.candidates[0].merged_from == "0000042"


def test_a_merged_record_whose_survivor_is_unknown_is_not_linked() -> None:
    orphan = a_record(status=RecordStatus.MERGED, merged_into="9999998")
    assert refused(outcome_of(a_person(trn=orphan.trn), orphan)) is Reason.RECORD_CLOSED


def test_a_deactivated_record_is_found_but_never_linked() -> None:
    closed = a_record(status=RecordStatus.DEACTIVATED)
    for person in (a_person(), a_person(trn=ALEX.trn), a_person(nino=ALEX.nino)):
        assert refused(outcome_of(person, closed)) is Reason.RECORD_CLOSED


def test_a_family_address_is_worth_nothing() -> None:
    sister = a_record(trn="7654321", first_name="Beatrice", date_of_birth=date(1980, 1, 1), nino="")
    person = PersonDetails(first_name="Alexandra", last_name="Featherstone", email=ALEX.email)
    candidate = outcome_of(person, ALEX, sister).candidates[0]
    assert [c.bits for c in candidate.comparisons if c.field.value == "email"] == [0.0]


def test_nobody_like_that_is_none_and_stronger_with_a_number() -> None:
    stranger = PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3))
    weak = outcome_of(stranger, ALEX)
    assert isinstance(weak, NoMatch)
    assert weak.grade == "weak"
    strong = outcome_of(
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3), nino="CE777777A"), ALEX
    )
    assert isinstance(strong, NoMatch)
    assert strong.grade == "strong"


@pytest.mark.parametrize(
    "person",
    [
        PersonDetails(),
        PersonDetails("Zebedee", "", "Quillfeather"),
        PersonDetails("Zebedee", "", "", date_of_birth=date(1991, 2, 3)),
        PersonDetails("", "", "Quillfeather", date_of_birth=date(1991, 2, 3)),
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1, 2, 3)),
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(9999, 2, 3)),
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3), trn="12"),
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3), nino="none"),
        PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3), trn="7777777"),
    ],
)
def test_none_is_never_said_of_incomplete_or_unreadable_statements(person: PersonDetails) -> None:
    assert isinstance(outcome_of(person, ALEX), PotentialMatches)


def test_none_is_never_said_by_an_empty_register() -> None:
    person = PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3))
    outcome = match(person, InMemoryRegister([]), Policy.LINKAGE, TODAY)
    assert refused(outcome) is Reason.REGISTER_INCOMPLETE


class _HalfARegister(InMemoryRegister):
    """Answers like a search that knows only some of the keys."""

    def __init__(self, *, complete: bool = True, capped: tuple[str, ...] = ()) -> None:
        super().__init__([ALEX])
        self._complete, self._capped = complete, capped

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        whole = super().find_candidates(question)
        return CandidateAnswer(whole.records, self._capped, self._complete)


def test_none_is_never_said_when_a_key_was_capped_or_the_register_is_partial() -> None:
    person = PersonDetails("Zebedee", "", "Quillfeather", date_of_birth=date(1991, 2, 3))
    partial = match(person, _HalfARegister(complete=False), Policy.LINKAGE, TODAY)
    assert refused(partial) is Reason.REGISTER_INCOMPLETE
    capped = match(person, _HalfARegister(capped=("d:19910203",)), Policy.LINKAGE, TODAY)
    assert refused(capped) is Reason.TOO_MANY_CANDIDATES


class _SilentRegister(InMemoryRegister):
    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        raise ConnectionError(f"no answer to {len(question.keys)} keys")


def test_a_register_that_does_not_answer_is_not_an_outcome() -> None:
    with pytest.raises(ConnectionError):
        match(a_person(), _SilentRegister([ALEX]), Policy.LINKAGE, TODAY)


def test_somebody_with_the_same_birthday_and_first_name_is_never_none() -> None:
    assert refused(outcome_of(a_person(last_name="Quillfeather"), ALEX)) is Reason.NEAR_MATCH


def test_what_a_policy_does_not_release_stays_a_candidate_for_an_agent() -> None:
    outcome = outcome_of(a_person(), ALEX, policy=Policy.DEFAULT)
    assert refused(outcome) is Reason.NOT_RELEASED_BY_POLICY
    assert outcome.candidates[0].record == ALEX
    assert isinstance(outcome, PotentialMatches)
    assert outcome.ask_next == "nino"


def test_a_verified_address_of_the_record_releases_a_default_link() -> None:
    stated = a_person(email="Alex.Featherstone@EXAMPLE.com")
    assert refused(outcome_of(stated, ALEX, policy=Policy.DEFAULT)) is Reason.NOT_RELEASED_BY_POLICY
    proven = a_person(email="Alex.Featherstone@EXAMPLE.com", email_verified=True)
    assert linked(outcome_of(proven, ALEX, policy=Policy.DEFAULT)) == ALEX.trn


def test_strict_wants_trn_birthday_and_number() -> None:
    assert linked(outcome_of(a_person(trn=ALEX.trn, nino=ALEX.nino), ALEX, policy=Policy.STRICT)) == ALEX.trn
    assert isinstance(outcome_of(a_person(trn=ALEX.trn), ALEX, policy=Policy.STRICT), PotentialMatches)
    without, not_told = a_record(nino=""), a_record(nino="", nino_told=False)
    assert linked(outcome_of(a_person(trn=ALEX.trn), without, policy=Policy.STRICT)) == ALEX.trn
    assert isinstance(outcome_of(a_person(trn=ALEX.trn), not_told, policy=Policy.STRICT), PotentialMatches)


def test_a_proved_name_and_birthday_are_enough_only_as_they_stand() -> None:
    assert linked(outcome_of(a_person(), ALEX, policy=Policy.VERIFIED)) == ALEX.trn
    for slip in (a_person(last_name="Fetherstone"), a_person(date_of_birth=date(1984, 5, 18))):
        assert isinstance(outcome_of(slip, ALEX, policy=Policy.VERIFIED), PotentialMatches)
    namesake = a_record(trn="7654321", nino="CD654321A", email="", previous_last_names=())
    assert isinstance(outcome_of(a_person(), ALEX, namesake, policy=Policy.VERIFIED), PotentialMatches)
    slip_with_number = a_person(last_name="Fetherstone", trn=ALEX.trn)
    assert linked(outcome_of(slip_with_number, ALEX, policy=Policy.VERIFIED)) == ALEX.trn


def test_a_previous_name_is_stated_and_never_proved() -> None:
    proved = a_person(first_name="Josephine", last_name="Outhwaite")
    claimed = replace(proved, previous_first_names=("Alexandra",), previous_last_names=("Featherstone",))
    assert isinstance(outcome_of(claimed, ALEX, policy=Policy.VERIFIED), PotentialMatches)
    still = a_person(previous_first_names=("Josephine",), previous_last_names=("Outhwaite",))
    assert linked(outcome_of(still, ALEX, policy=Policy.VERIFIED)) == ALEX.trn


def test_a_whole_register_of_one_name_answers_within_its_caps() -> None:
    crowd = [
        a_record(trn=f"{number:07d}", nino="", email="", date_of_birth=date(1960 + number % 40, 1, 1))
        for number in range(1, 5000)
    ]
    outcome = match(a_person(date_of_birth=None), a_register(*crowd, others=0), Policy.LINKAGE, TODAY)
    assert refused(outcome) is Reason.AMBIGUOUS
    assert len(outcome.candidates) <= 10


def test_a_record_without_a_birthday_forbids_none() -> None:
    undated = a_record(date_of_birth=None)
    assert refused(outcome_of(a_person(), undated)) is Reason.NEAR_MATCH


def test_a_namesake_of_another_age_is_shown_but_is_not_near() -> None:
    outcome = outcome_of(a_person(date_of_birth=date(1961, 11, 2)), ALEX)
    assert isinstance(outcome, NoMatch)
    assert [candidate.record.trn for candidate in outcome.candidates] == [ALEX.trn]


def test_a_stranger_of_the_same_birthday_is_not_shown_beside_those_who_may_be_meant() -> None:
    namesake = a_record(trn="7654321", nino="", email="")
    stranger = a_record(trn="7654322", first_name="Janet", middle_name="", last_name="Rayel", nino="", email="")
    outcome = outcome_of(a_person(), ALEX, namesake, stranger)
    assert refused(outcome) is Reason.AMBIGUOUS
    assert {candidate.record.trn for candidate in outcome.candidates} == {ALEX.trn, namesake.trn}


def test_a_leaked_trn_links_nobody_however_well_the_rest_fits() -> None:
    for policy in (Policy.DEFAULT, Policy.STRICT, Policy.LINKAGE):
        person = a_person(trn=ALEX.trn, trn_leaked=True)
        outcome = outcome_of(person, ALEX, policy=policy)
        assert refused(outcome) is Reason.STATED_TRN_LEAKED, policy
        assert outcome.candidates[0].record.trn == ALEX.trn, "who works on the case sees the record"
        assert "stated_trn_is_leaked" in outcome.explanation.to_json()["blocked_by"]
        assert linked(outcome_of(a_person(trn=ALEX.trn), ALEX)) == ALEX.trn


def test_beside_a_leaked_trn_the_national_insurance_number_links_as_if_no_trn_had_been_given() -> None:
    person = a_person(trn=ALEX.trn, trn_leaked=True, nino=ALEX.nino)
    assert linked(outcome_of(person, ALEX, policy=Policy.DEFAULT)) == ALEX.trn
    assert refused(outcome_of(person, ALEX, policy=Policy.STRICT)) is Reason.STATED_TRN_LEAKED
    another = a_person(trn=ALEX.trn, trn_leaked=True, nino=TWIN.nino)
    assert isinstance(outcome_of(another, ALEX, policy=Policy.DEFAULT), PotentialMatches)


def test_a_leaked_trn_does_not_choose_between_two_records_of_one_national_insurance_number() -> None:
    other = a_record(trn="7654321")
    assert linked(outcome_of(a_person(trn=ALEX.trn, nino=ALEX.nino), ALEX, other)) == ALEX.trn
    leaked = a_person(trn=ALEX.trn, nino=ALEX.nino, trn_leaked=True)
    for policy in (Policy.DEFAULT, Policy.LINKAGE):
        assert refused(outcome_of(leaked, ALEX, other, policy=policy)) is Reason.STATED_TRN_LEAKED
