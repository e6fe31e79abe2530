"""Properties that hold whatever is stated: more agreement never costs, and no single field links."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.comparisons import Field, Level, first_names, half_swapped, last_names, swapped
from matching.evidence import AGREES, Evidence
from matching.matcher import DefiniteMatch, NoMatch, PotentialMatches, match
from matching.memory import InMemoryRegister
from matching.middles import middle_names
from matching.normalise import given_name
from matching.policy import Policy, linking_rule
from matching.records import CandidateQuestion, PersonDetails, RecordStatus
from matching.relations import Relating
from matching.scoring import Scorer
from matching.statements import prepare
from matching.weights import AGREEMENT, FIXED, Rarity
from tests.kit.people import ALEX, TODAY, a_record, a_register

REGISTER = a_register(ALEX, a_record(trn="7654321", first_name="Beatrice", nino="CE654321A", email=""))

stated_names = st.one_of(
    st.sampled_from(["", "Alexandra", "Alex", "Beatrice", "Featherstone", "Okafor", "Smith", "Sarah", "A"]),
    st.text(max_size=30),
)
people = st.builds(
    PersonDetails,
    first_name=stated_names,
    middle_name=stated_names,
    last_name=stated_names,
    previous_first_names=st.tuples() | st.tuples(stated_names),
    previous_last_names=st.tuples() | st.tuples(stated_names),
    date_of_birth=st.none() | st.dates() | st.just(ALEX.date_of_birth),
    trn=st.sampled_from(["", ALEX.trn, "7654321", "1234576", "RP 12/34567"]) | st.text(max_size=12),
    nino=st.sampled_from(["", ALEX.nino, "CE654321A", "AB123457"]) | st.text(max_size=12),
    email=st.sampled_from(["", ALEX.email]) | st.text(max_size=20),
    email_verified=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(people, st.sampled_from(Policy))
def test_anything_at_all_gives_an_outcome_that_can_be_stored(person: PersonDetails, policy: Policy) -> None:
    outcome = match(person, REGISTER, policy, TODAY)
    assert isinstance(outcome, DefiniteMatch | PotentialMatches | NoMatch)
    assert outcome.explanation.to_json()["policy"] == policy
    assert all(0.0 <= candidate.posterior <= 1.0 for candidate in outcome.candidates)


ODD_NAMES = (
    "",
    "A",
    "Al",
    "-",
    "Mr",
    "Ng",
    "O'",
    "Ann Marie",
    "A B",
    "Annmarie",
    "Ali Ali",
    "Da id",
    "Jean-Luc X",
    "n/a",
)


@settings(max_examples=1500, deadline=None)
@given(st.tuples(*[st.sampled_from(ODD_NAMES)] * 3), st.tuples(*[st.sampled_from(ODD_NAMES)] * 4), st.booleans())
def test_whatever_a_record_holds_gives_an_outcome(
    stated: tuple[str, str, str], held: tuple[str, str, str, str], identified: bool
) -> None:
    previous = (held[3],) if held[3] else ()
    record = replace(
        ALEX, first_name=held[0], middle_name=held[1], last_name=held[2], previous_last_names=previous, email=""
    )
    person = PersonDetails(
        first_name=stated[0], middle_name=stated[1], last_name=stated[2], date_of_birth=ALEX.date_of_birth,
        trn=ALEX.trn if identified else "",
    )  # fmt: skip
    outcome = match(person, a_register(record), Policy.LINKAGE, TODAY)
    assert isinstance(outcome, DefiniteMatch | PotentialMatches | NoMatch)


@pytest.mark.parametrize("first", ODD_NAMES)
def test_odd_names_relate_both_ways(first: str) -> None:
    names = [given_name(name) for name in ODD_NAMES]
    for middle, held, held_middle in product(names, names, names):
        stated, known = (given_name(first), middle), (held, held_middle)
        for one, other in ((stated, known), (known, stated)):
            first_names([one[0]], one[1], [other[0]], other[1])
            middle_names(*one, *other)
            swapped(*one, other[0], [other[1]])
            half_swapped(*one, other[0], [other[1]])
            last_names([one[0], one[1]], [other[0], other[1]])


@settings(max_examples=200, deadline=None)
@given(people)
def test_a_stricter_policy_never_links_what_a_looser_one_does_not(person: PersonDetails) -> None:
    linkage = match(person, REGISTER, Policy.LINKAGE, TODAY)
    for policy in (Policy.DEFAULT, Policy.STRICT):
        stricter = match(person, REGISTER, policy, TODAY)
        if isinstance(stricter, DefiniteMatch):
            assert isinstance(linkage, DefiniteMatch)
            assert stricter.record == linkage.record


@settings(max_examples=200, deadline=None)
@given(people)
def test_a_link_always_rests_on_a_name_and_something_else(person: PersonDetails) -> None:
    outcome = match(person, REGISTER, Policy.LINKAGE, TODAY)
    if not isinstance(outcome, DefiniteMatch):
        return
    agree = {Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.SWAPPED, Level.INITIAL, Level.MIDDLE}
    candidate = outcome.candidate
    assert {candidate.level(Field.FIRST_NAME), candidate.level(Field.LAST_NAME)} & agree
    identified = Level.SAME in (candidate.level(Field.TRN), candidate.level(Field.NINO))
    assert identified or candidate.level(Field.DATE_OF_BIRTH) is Level.SAME


@pytest.mark.parametrize(
    "only",
    [
        {"trn": ALEX.trn}, {"nino": ALEX.nino}, {"trn": ALEX.trn, "nino": ALEX.nino},
        {"email": ALEX.email, "email_verified": True}, {"first_name": "Alexandra"},
        {"last_name": "Featherstone"}, {"date_of_birth": ALEX.date_of_birth},
        {"first_name": "Alexandra", "last_name": "Featherstone", "middle_name": "Rose"},
        {"date_of_birth": ALEX.date_of_birth, "trn": ALEX.trn, "nino": ALEX.nino},
        {"email": ALEX.email, "date_of_birth": ALEX.date_of_birth, "last_name": "Featherstone"},
    ],
)  # fmt: skip
def test_no_field_alone_links(only: dict[str, Any]) -> None:
    for policy in Policy:
        assert not isinstance(match(PersonDetails(**only), a_register(ALEX), policy, TODAY), DefiniteMatch)


def weight(person: PersonDetails) -> float:
    """Weight of ALEX's record when everything about the names concerned is known."""
    names = CandidateQuestion(
        person,
        (),
        ("alexandra", "gareth", "alex", "alexandr"),
        ("featherstone", "jones", "fetherstone"),
        tuple((first, last) for first in ("alexandra", "alex") for last in ("featherstone", "jones")),
        1984,
    )
    answer = REGISTER.find_candidates(names)
    rarity = Rarity.of(answer, REGISTER.size, has_year=True, same_day=1, last_names_stated=1)
    scorer = Scorer(Relating(prepare(person, TODAY)), rarity, frozenset())
    return scorer.facet(ALEX, [ALEX], ALEX).bits


LADDERS: dict[str, list[Any]] = {
    "first_name": ["Alexandra", "Alex", "Gareth"],
    "last_name": ["Featherstone", "Fetherstone", "Jones"],
    "middle_name": ["Rose", "R", "Kim"],
    "date_of_birth": [ALEX.date_of_birth, date(1984, 5, 18), date(1971, 2, 3)],
    "trn": [ALEX.trn, "1234576", "7777777"],
    "nino": [ALEX.nino, "AB123465C", "CE999999A"],
    "email": [ALEX.email, ""],
}
"""Each field's statements from most to least agreement."""


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(LADDERS)), st.data())
def test_more_agreement_never_lowers_the_weight(field: str, data: st.DataObject) -> None:
    base = {name: data.draw(st.sampled_from(ladder)) for name, ladder in LADDERS.items()}
    steps = [weight(PersonDetails(**(base | {field: value}))) for value in LADDERS[field]]
    assert steps == pytest.approx(sorted(steps, reverse=True))


def test_the_table_of_weights_is_monotone() -> None:
    for field, levels in {
        Field.DATE_OF_BIRTH: (Level.SAME, Level.DAY_MONTH_SWAPPED, Level.ONE_DIGIT, Level.DIFFERENT),
        Field.TRN: (Level.ONE_SLIP, Level.DIFFERENT),
        Field.MIDDLE_NAME: (Level.SAME, Level.INITIAL, Level.DIFFERENT),
        Field.FIRST_NAME: (Level.INITIAL, Level.SIMILAR, Level.ANOTHER, Level.DIFFERENT),
    }.items():
        bits = [FIXED[field, level] for level in levels]
        assert bits == sorted(bits, reverse=True)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(RecordStatus), people)
def test_a_closed_record_is_never_linked(status: RecordStatus, person: PersonDetails) -> None:
    register = InMemoryRegister([replace(ALEX, status=status)])
    outcome = match(person, register, Policy.LINKAGE, TODAY)
    assert status is RecordStatus.ACTIVE or not isinstance(outcome, DefiniteMatch)


FIRSTS = (
    Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.INITIAL, Level.SIMILAR, Level.ANOTHER, Level.DIFFERENT,
)  # fmt: skip
LASTS = (Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.SIMILAR, Level.ANOTHER, Level.DIFFERENT)
DATES = (Level.SAME, Level.DAY_MONTH_SWAPPED, Level.ONE_DIGIT, Level.TWO_PARTS, Level.DIFFERENT)
NUMBERS = (Level.SAME, Level.ONE_SLIP, Level.MISSING, Level.DIFFERENT)
STRENGTHS = {"first": FIRSTS, "last": LASTS, "born": DATES, "trn": NUMBERS, "nino": NUMBERS}
"""Each field's levels from most to least agreement, as the rules see them."""

EVERY_EVIDENCE = [
    Evidence(first, last, born, trn, nino, email)
    for first in (*FIRSTS, Level.MIDDLE, Level.SWAPPED, Level.BEGINNING, Level.MISSING)
    for last in (*LASTS, Level.SWAPPED, Level.BEGINNING, Level.MISSING)
    for born in (*DATES, Level.MISSING, Level.UNREADABLE)
    for trn in NUMBERS
    for nino in NUMBERS
    for email in (Level.SAME, Level.MISSING)
]


def test_whatever_the_evidence_only_a_name_with_a_number_or_both_names_with_the_birthday_link() -> None:
    of_a_name = AGREES | {Level.INITIAL, Level.MIDDLE}
    linking = [evidence for evidence in EVERY_EVIDENCE if linking_rule(evidence)]
    assert 100 < len(linking) < len(EVERY_EVIDENCE) / 4
    for evidence in linking:
        assert evidence.first in of_a_name or evidence.last in AGREES
        assert evidence.identified or (evidence.names_agree and evidence.born is Level.SAME)


NOTHING = Evidence(Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING)


def test_no_field_by_itself_satisfies_a_rule() -> None:
    for name in set(Evidence._fields) - {"often_two_people"}:
        by_itself: dict[str, Any] = {name: Level.SAME}
        assert linking_rule(NOTHING._replace(**by_itself)) is None


def test_a_surname_and_a_number_do_not_outweigh_the_first_name_of_somebody_else() -> None:
    twin: dict[str, Any] = {"last": Level.SAME, "born": Level.SAME, "trn": Level.SAME}
    for first in (Level.DIFFERENT, Level.ANOTHER):
        assert linking_rule(NOTHING._replace(first=first, **twin)) is None


@pytest.mark.parametrize("field", sorted(STRENGTHS))
def test_more_agreement_never_loses_a_link(field: str) -> None:
    ladder = STRENGTHS[field]
    for evidence in EVERY_EVIDENCE:
        level = getattr(evidence, field)
        if level not in ladder or linking_rule(evidence) is None:
            continue
        for stronger in ladder[: ladder.index(level)]:
            better: dict[str, Any] = {field: stronger}
            assert linking_rule(evidence._replace(**better)) is not None, (evidence, stronger)


@pytest.mark.parametrize(
    ("field", "levels"),
    [
        (Field.FIRST_NAME, (Level.MIDDLE, Level.INITIAL, Level.SIMILAR, Level.ANOTHER, Level.DIFFERENT)),
        (Field.LAST_NAME, (Level.SIMILAR, Level.BEGINNING, Level.ANOTHER, Level.DIFFERENT)),
        (Field.MIDDLE_NAME, (Level.SAME, Level.SIMILAR, Level.DIFFERENT)),
        (Field.DATE_OF_BIRTH, (*DATES[:2], Level.YEAR_DIGITS_SWAPPED, Level.DIGITS_SWAPPED, *DATES[2:])),
        (Field.NINO, (Level.ONE_SLIP, Level.DIFFERENT)),
        (Field.EMAIL, (Level.SAME, Level.SHARED)),
    ],
)
def test_in_the_table_more_agreement_never_weighs_less(field: Field, levels: tuple[Level, ...]) -> None:
    bits = [FIXED[field, level] for level in levels]
    assert bits == sorted(bits, reverse=True)
    m = [AGREEMENT[field, level] for level in (Level.SAME, Level.PART) if (field, level) in AGREEMENT]
    assert m == sorted(m, reverse=True)
