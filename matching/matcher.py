"""Find the one record that is a person's, or say why it cannot be said."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any, Literal

from matching import weights
from matching.blocking import keys_of_last_look, person_keys
from matching.comparisons import Level
from matching.explain import Explanation
from matching.held import with_more
from matching.nearness import is_near
from matching.policy import (
    CERTAIN_FROM,
    SHARE_OF_ASKERS_REGISTERED,
    Block,
    Policy,
    Rule,
    blocks,
    leans_on_leaked_trn,
    linking_rule,
    releases,
)
from matching.posterior import MOST_KEPT, Candidate
from matching.prefilter import Resembling, Worth, to_compare
from matching.questions import ask, ask_about
from matching.records import CandidateAnswer, CandidateQuestion, PersonDetails, TeacherRegister, TeachingRecord
from matching.relations import Relating
from matching.scoring import Scorer, candidates, shared_emails
from matching.statements import Statement, prepare
from matching.weights import Rarity


class Reason(StrEnum):
    """Why no single record was linked."""

    AMBIGUOUS = "ambiguous"
    NEAR_MATCH = "near_match"
    STATED_TRN_CONFLICTS = "stated_trn_conflicts"
    STATED_TRN_NOT_FOUND = "stated_trn_not_found"
    TOO_MANY_CANDIDATES = "too_many_candidates"
    TOO_LITTLE_GIVEN = "too_little_given"
    RECORD_CLOSED = "record_closed"
    NOT_RELEASED_BY_POLICY = "not_released_by_policy"
    REGISTER_INCOMPLETE = "register_incomplete"
    STATED_TRN_LEAKED = "stated_trn_leaked"


@dataclass(frozen=True, slots=True)
class DefiniteMatch:
    """One record, and evidence that suffices to link it under the policy."""

    record: TeachingRecord
    rule: Rule
    candidates: tuple[Candidate, ...]
    explanation: Explanation
    policy: Policy
    weights_version: str = weights.VERSION

    @property
    def candidate(self) -> Candidate:
        """The linked record with its evidence."""
        return self.candidates[0]


@dataclass(frozen=True, slots=True)
class PotentialMatches:
    """There may well be a record, but which one, or whether, cannot be said. `candidates` are ranked.

    `ask_next` names the field of `PersonDetails` whose answer would help most; empty when none is left.
    """

    outcome: Literal["ambiguous", "not_determinable"]
    reason: Reason
    candidates: tuple[Candidate, ...]
    explanation: Explanation
    policy: Policy
    ask_next: str = ""
    weights_version: str = weights.VERSION


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The evidence was complete and well formed, the register answered, and nothing in it resembles it.

    `strong` when a well-formed National Insurance number was given as well, else `weak`.
    """

    grade: Literal["strong", "weak"]
    explanation: Explanation
    policy: Policy
    candidates: tuple[Candidate, ...] = ()
    ask_next: str = ""
    weights_version: str = weights.VERSION


MatchOutcome = DefiniteMatch | PotentialMatches | NoMatch


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The first question of a lookup: whose TRN, or National Insurance number, is this."""

    trn: str
    nino: str


Question = Identifiers | CandidateQuestion | Resembling
Lookup = Generator[Question, Any, MatchOutcome]
"""One lookup as a conversation: it puts questions to the register, is sent the answers, and returns the outcome.

Many lookups can so be led at once, and their questions be put together (`matching.batch`); which of the records that
an answer gave are worth comparing is asked too, for that alone.
"""


def match(person: PersonDetails, register: TeacherRegister, policy: Policy, today: date) -> MatchOutcome:
    """Compare a person with a register. Bad input gives an outcome; a register that cannot answer raises."""
    lookup = look_up(person, register, policy, today)
    try:
        question = next(lookup)
        while True:
            question = lookup.send(_answer(question, register))
    except StopIteration as end:
        outcome: MatchOutcome = end.value
        return outcome


def _answer(question: Question, register: TeacherRegister) -> Any:
    if isinstance(question, Identifiers):
        return register.find_by_identifiers(question.trn, question.nino)
    if isinstance(question, Resembling):
        return to_compare([question])[0]
    return register.find_candidates(question)


def look_up(person: PersonDetails, register: TeacherRegister, policy: Policy, today: date) -> Lookup:
    """Lead the conversation of one lookup. Of the register itself it wants no more than its size."""
    statement = prepare(person, today)
    relating = Relating(statement)
    identified: tuple[TeachingRecord, ...] = ()
    if statement.trn or statement.nino:
        identified = yield Identifiers(statement.trn, statement.nino)
        early = _found_early(relating, identified, register.size, policy)
        if early:
            return early
    keys = person_keys(statement, today)
    answer: CandidateAnswer = (yield ask(statement, keys)) if keys else CandidateAnswer(())
    answer = _adding(answer, identified)
    worth: Worth = yield Resembling(statement, answer.records)
    scorer = _scorer(relating, answer, register.size, worth.of_the_day)
    ranked = yield from _rank(scorer, worth.contenders, asking=bool(answer.statistics.pairs))
    if ranked and linking_rule(ranked[0].evidence):
        outcome = _decide(scorer, ranked, answer, policy, empty=register.size == 0)
        if isinstance(outcome, DefiniteMatch):
            return outcome
    if worth.places and _may_say_something(scorer, ranked):
        ranked = candidates(scorer, [*worth.contenders, *worth.strangers], SHARE_OF_ASKERS_REGISTERED)
    if _would_be_none(statement, answer, ranked):
        more: CandidateAnswer = yield ask(statement, keys_of_last_look(statement, today))
        # The last look says nothing else: it is no part of what must be complete.
        known, answer = len(answer.records), _adding(answer, more.records)
        if len(answer.records) > known:
            worth = yield Resembling(statement, answer.records)
            scorer = _scorer(relating, answer, register.size, worth.of_the_day)
            everybody = [*worth.contenders, *worth.strangers]
            ranked = yield from _rank(scorer, everybody, asking=bool(answer.statistics.pairs))
    return _decide(scorer, ranked, answer, policy, empty=register.size == 0)


def _adding(answer: CandidateAnswer, more: Sequence[TeachingRecord]) -> CandidateAnswer:
    """Take further records into an answer."""
    records = with_more(answer.records, more)
    return answer if records is answer.records else replace(answer, records=records)


def _may_say_something(scorer: Scorer, ranked: Sequence[Candidate]) -> bool:
    """Whether records of another day that share a first name only may change anything beside these candidates.

    They may where nobody is near yet, or where one of them may be likelier than the best: an agent should see that.
    """
    if not any(is_near(candidate, scorer.statement) for candidate in ranked):
        return True
    return ranked[0].weight < scorer.most_of_strangers()


def _would_be_none(statement: Statement, answer: CandidateAnswer, ranked: Sequence[Candidate]) -> bool:
    """Whether nothing stands against `none` yet, so that a last look is worth its round trip."""
    return _gap(statement, answer, empty=False) is None and not any(is_near(c, statement) for c in ranked)


def _rank(
    scorer: Scorer, compared: Sequence[TeachingRecord], *, asking: bool
) -> Generator[CandidateQuestion, CandidateAnswer, tuple[Candidate, ...]]:
    """Score records, best first; where names were misstated, ask how common the right ones are."""
    ranked = candidates(scorer, compared, SHARE_OF_ASKERS_REGISTERED)
    about = ask_about(scorer.statement, ranked[0]) if ranked and asking else None
    if about:
        scorer.learn((yield about).statistics)
        ranked = candidates(scorer, compared, SHARE_OF_ASKERS_REGISTERED)
    return ranked


def _found_early(
    relating: Relating, identified: Sequence[TeachingRecord], size: int, policy: Policy
) -> DefiniteMatch | None:
    """Decide on the record of the TRN or National Insurance number alone, where nothing at all is amiss.

    Where a part of a name agrees, another record may have exactly that name.
    """
    statement = relating.statement
    if not identified or not statement.has_names:
        return None
    of_that_day = (record for record in identified if record.date_of_birth == statement.born)
    if not any(relating.is_exactly_named(record, numbered=True) for record in of_that_day):
        return None
    scorer = Scorer(relating, Rarity(size, CandidateAnswer(()).statistics, has_year=False), None)
    ranked = candidates(scorer, identified, SHARE_OF_ASKERS_REGISTERED)
    evidence = ranked[0].evidence
    if not (
        evidence.exact
        and Level.DIFFERENT not in (evidence.trn, evidence.nino)
        and (evidence.trn is Level.SAME or not statement.trn)
        and not leans_on_leaked_trn(ranked[0], ranked, policy, statement)
    ):
        return None
    rule = linking_rule(evidence)
    blocked = blocks(ranked[0], ranked[1:], CERTAIN_FROM)
    if rule is None or blocked or not _releases(policy, rule, ranked[0], scorer, identified):
        return None
    explanation = Explanation(ranked, policy, weights.VERSION, rule, found_early=True)
    return DefiniteMatch(ranked[0].record, rule, ranked, explanation, policy)


def _releases(policy: Policy, rule: Rule, chosen: Candidate, scorer: Scorer, records: Sequence[TeachingRecord]) -> bool:
    """Whether the policy releases the link; somebody verified must be the candidate by the present names alone."""
    statement = scorer.statement
    if policy is Policy.VERIFIED and (statement.person.previous_first_names or statement.person.previous_last_names):
        present = Scorer(Relating(statement.at_present), scorer.rarity, scorer.shared_emails)
        same = [record for record in records if chosen.record.trn in (record.trn, record.merged_into)]
        found = candidates(present, same, SHARE_OF_ASKERS_REGISTERED)
        chosen = next(candidate for candidate in found if candidate.record.trn == chosen.record.trn)
        if linking_rule(chosen.evidence) is None:
            return False
    return releases(policy, rule, chosen, statement)


def _scorer(relating: Relating, answer: CandidateAnswer, size: int, same_day: int) -> Scorer:
    statement = relating.statement
    stated, has_year = statement.last_names_stated, statement.born is not None
    rarity = Rarity.of(answer, size, has_year=has_year, same_day=same_day, last_names_stated=stated)
    return Scorer(relating, rarity, shared_emails(statement, answer.records))


def _decide(
    scorer: Scorer,
    ranked: tuple[Candidate, ...],
    answer: CandidateAnswer,
    policy: Policy,
    *,
    empty: bool,
) -> MatchOutcome:
    """Choose the outcome from the ranked candidates."""
    statement = scorer.statement
    near = tuple(candidate for candidate in ranked if is_near(candidate, statement))
    shown = _worth_showing(ranked, near)
    rule, blocked = _verdict(shown, near)
    if shown and leans_on_leaked_trn(shown[0], near, policy, statement):
        blocked = (*blocked, Block.STATED_TRN_IS_LEAKED)
    explanation = Explanation(
        shown, policy, weights.VERSION, rule, blocked,
        tuple(c.record.trn for c in near[:MOST_KEPT]), answer.capped_keys, answer.complete,
    )  # fmt: skip
    if rule and not blocked and _releases(policy, rule, shown[0], scorer, answer.records):
        return DefiniteMatch(shown[0].record, rule, shown, explanation, policy)
    why = _reason(statement, explanation, near) or _gap(statement, answer, empty=empty)
    if why is None:
        return NoMatch("strong" if statement.nino_well_formed else "weak", explanation, policy, shown)
    outcome: Literal["ambiguous", "not_determinable"] = "ambiguous" if why is Reason.AMBIGUOUS else "not_determinable"
    return PotentialMatches(outcome, why, shown, explanation, policy, _ask_next(statement, why))


def _verdict(shown: Sequence[Candidate], near: Sequence[Candidate]) -> tuple[Rule | None, tuple[Block, ...]]:
    """Return the rule that the best candidate satisfies, and what forbids it: only near ones can."""
    if not shown:
        return None, ()
    others = [candidate for candidate in near if candidate is not shown[0]]
    return linking_rule(shown[0].evidence), blocks(shown[0], others, CERTAIN_FROM)


def _worth_showing(ranked: Sequence[Candidate], near: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Who may be the person. That somebody else was born that day helps no agent, and no rule links them."""
    close = {candidate.record.trn for candidate in near}
    kept = (c for c in ranked if c.record.trn in close or (c.weight >= 0 and not c.evidence.otherwise_named))
    return tuple(islice(kept, MOST_KEPT))


def _reason(statement: Statement, explanation: Explanation, near: Sequence[Candidate]) -> Reason | None:
    """Say what stands in the way of a link; None when nothing resembles the person."""
    blocked = explanation.blocked_by
    if explanation.rule and not blocked:
        return Reason.NOT_RELEASED_BY_POLICY
    if explanation.rule and blocked == (Block.RECORD_CLOSED,):
        return Reason.RECORD_CLOSED
    if explanation.rule and blocked == (Block.STATED_TRN_IS_LEAKED,):
        return Reason.STATED_TRN_LEAKED
    if statement.trn:
        return _reason_with_trn(near)
    if _several_fit(near):
        return Reason.AMBIGUOUS
    return Reason.NEAR_MATCH if near else None


def _gap(statement: Statement, answer: CandidateAnswer, *, empty: bool) -> Reason | None:
    """Say why it proves nothing that nothing was found; None when it does."""
    if not (statement.has_names and statement.born) or statement.misread:
        return Reason.TOO_LITTLE_GIVEN
    if answer.capped_keys:
        return Reason.TOO_MANY_CANDIDATES
    return Reason.REGISTER_INCOMPLETE if empty or not answer.complete else None


def _reason_with_trn(near: Sequence[Candidate]) -> Reason:
    holders = [c for c in near if c.evidence.trn is Level.SAME]
    if not holders:
        return Reason.STATED_TRN_NOT_FOUND
    return Reason.AMBIGUOUS if _several_fit(near) else Reason.STATED_TRN_CONFLICTS


def _several_fit(near: Sequence[Candidate]) -> bool:
    """Whether two or more records fit what was stated, as far as it goes."""
    fitting = [
        candidate
        for candidate in near
        if (evidence := candidate.evidence).names_agree
        and evidence.born in (Level.SAME, Level.MISSING)
        and Level.DIFFERENT not in (evidence.trn, evidence.nino)
    ]
    return len(fitting) > 1


def _ask_next(statement: Statement, why: Reason) -> str:
    """Name the answer that would decide most, among those not given yet."""
    if why is Reason.RECORD_CLOSED:
        return ""
    person = statement.person
    wanted = [
        ("date_of_birth", statement.born is None),
        ("last_name", not statement.lasts),
        ("first_name", not statement.firsts),
        ("nino", not statement.nino),
        ("trn", not statement.trn),
        ("previous_last_names", not any(person.previous_last_names)),
        ("middle_name", not statement.middle),
    ]
    return next((field for field, missing in wanted if missing), "")
