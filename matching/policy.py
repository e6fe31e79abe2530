"""What may be linked without a human: the evidence of a candidate, the rules that fire and those that block.

The score alone never links. A rule names field evidence that suffices; a block names what forbids a link,
however good the rest is. Policies differ in the rules that they release.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from rapidfuzz.distance import OSA

from matching.comparisons import Field, Level
from matching.evidence import AGREES, FIRM, NEAR_DATE, Evidence
from matching.given_names import are_spellings
from matching.normalise import is_unknown_birthday
from matching.parts import FAMILIES_SHARE, begin_alike
from matching.posterior import Candidate
from matching.records import RecordStatus
from matching.statements import Statement

CERTAIN_FROM: Final = 0.9995
FITS_BETTER_BY: Final = 1.0
"""Bits by which another record fits what was said, numbers aside, for the number to be perhaps somebody else's."""

SHARE_OF_ASKERS_REGISTERED: Final = 0.9

_NUMBERS: Final = (Field.TRN, Field.NINO)


class Policy(StrEnum):
    """How much evidence a link needs."""

    LINKAGE = "Linkage"
    DEFAULT = "Default"
    STRICT = "Strict"
    # For somebody whose name and date of birth were proved, by GOV.UK One Login: nobody can be guessing them.
    VERIFIED = "Verified"


class Rule(StrEnum):
    """Which evidence sufficed."""

    IDENTIFIER_BIRTHDAY_AND_NAME = "identifier_birthday_and_name"
    IDENTIFIER_AND_NAMES = "identifier_and_names"
    IDENTIFIER_FIRST_NAME_AND_NEAR_DATE = "identifier_first_name_and_near_date"
    BOTH_IDENTIFIERS_AND_NAMES = "both_identifiers_and_names"
    NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY = "near_identifier_names_and_birthday"
    NAMES_AND_BIRTHDAY = "names_and_birthday"


class Block(StrEnum):
    """Which evidence forbade a link."""

    RECORD_CLOSED = "record_closed"
    STATED_TRN_IS_ANOTHER = "stated_trn_is_another_record"
    STATED_TRN_DIFFERS = "stated_trn_differs"
    STATED_NINO_IS_ANOTHER = "stated_nino_is_another_record"
    NINO_CONTRADICTS = "nino_contradicts"
    ANOTHER_FITS_EXACTLY = "another_record_fits_exactly"
    ANOTHER_FITS_TOO = "another_record_fits_too"
    ANOTHER_FITS_BETTER = "another_record_fits_better"
    IDENTIFIER_IS_SHARED = "identifier_is_on_another_record"
    STATED_TRN_IS_LEAKED = "stated_trn_is_leaked"
    NOT_CERTAIN = "not_certain"


_CALLED_EXACTLY: Final = frozenset({Level.SAME, Level.PART, Level.SWAPPED})
_CALLED_SO: Final = frozenset({Level.INITIAL, Level.MIDDLE})
_NO_DATE: Final = frozenset({Level.MISSING, Level.UNREADABLE})
_LOOSE_DATE: Final = NEAR_DATE | _NO_DATE | {Level.TWO_PARTS}
_FIRST_NOT_CONTRADICTED: Final = AGREES | {
    Level.INITIAL, Level.MIDDLE, Level.SIMILAR, Level.BEGINNING, Level.MISSING,
}  # fmt: skip


def linking_rule(evidence: Evidence) -> Rule | None:
    """Return the strongest rule that this evidence satisfies, for the policy Linkage."""
    both = evidence.trn is evidence.nino is Level.SAME
    if not both and _may_be_a_sibling(evidence):
        return None
    if evidence.identified:
        return _identified_rule(evidence)
    if not (evidence.names_agree and evidence.born is Level.SAME) or evidence.often_two_people:
        return None
    another_middle = evidence.middle is Level.DIFFERENT
    if Level.ONE_SLIP in (evidence.trn, evidence.nino):
        # Beside another middle name, a form or a part of the last name is a namesake's.
        return None if another_middle and evidence.last is not Level.SAME else Rule.NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY
    return None if another_middle else Rule.NAMES_AND_BIRTHDAY


def _identified_rule(evidence: Evidence) -> Rule | None:
    if evidence.trn is evidence.nino is Level.SAME and _both_suffice(evidence):
        return Rule.BOTH_IDENTIFIERS_AND_NAMES
    if evidence.born is Level.SAME:
        return Rule.IDENTIFIER_BIRTHDAY_AND_NAME if _one_name_agrees(evidence) else None
    if evidence.names_agree and evidence.born in _LOOSE_DATE:
        # Without the birthday a number and a name that is often a relative's may well be the relative's: a parent's,
        # where a generation lies between the birthdays.
        may_be_related = evidence.born in _NO_DATE or evidence.perhaps_related
        another_middle = may_be_related and evidence.middle is Level.DIFFERENT
        return None if evidence.often_two_people or another_middle else Rule.IDENTIFIER_AND_NAMES
    only_first = evidence.first in FIRM and (evidence.last in AGREES or evidence.middle is not Level.DIFFERENT)
    if evidence.born in NEAR_DATE and (only_first or _short_of_first_name(evidence)):
        # Somebody newly married who also mistypes the date, and has no other middle name. That the owner of a
        # stranger's number shares the first name and, but for one slip, the birthday happens once in 100,000.
        return Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE
    return None


def _short_of_first_name(evidence: Evidence) -> bool:
    """Whether the last name agrees, and of the first one an initial, or the middle name that is used for it.

    Children bear their parents' names as middle ones, so that it must be one generation; and where 1 January stands for
    an unknown day, brothers are often born a digit apart.
    """
    return evidence.last in FIRM and evidence.first in _CALLED_SO and not evidence.perhaps_related


def _both_suffice(evidence: Evidence) -> bool:
    """Whether both numbers link by the names: families keep both of each other, so that the birthday must not deny it.

    Beside a wholly different birthday, a name that only resembles is a relative's, and so is the very name a generation
    later; otherwise it is the birthday that was misstated.
    """
    if not evidence.names_agree:
        return evidence.last in AGREES and evidence.first is Level.INITIAL and evidence.born in NEAR_DATE
    if evidence.born is not Level.DIFFERENT:
        return True
    return evidence.exactly_named and evidence.middle is not Level.DIFFERENT and not evidence.perhaps_related


def _may_be_a_sibling(evidence: Evidence) -> bool:
    """Whether this is perhaps a twin's record: not this first name, and another middle name or NINO.

    Twins share birthday and surname, and their first names are often alike: Emma Kate and Emily Jane.
    """
    if evidence.first in _CALLED_EXACTLY:  # a part: Lisa “Jay”, of Lisa Natasha
        return False
    return Level.DIFFERENT in (evidence.nino, evidence.middle)


def _one_name_agrees(evidence: Evidence) -> bool:
    """Whether a name agrees; a surname alone must not be contradicted by the first name: that is a twin.

    Nothing that a family shares makes another first name theirs: neither a middle name (Kaur) nor an address. Both
    numbers do, unless the middle name is another's too: people go by names that no register has, and a twin knows
    one number of the other sooner than both. Whoever of that birthday is called as was stated forbids it (`_fits`).
    """
    if evidence.first in AGREES or evidence.first in _CALLED_SO:
        return True
    if evidence.trn is evidence.nino is Level.SAME:
        return evidence.last in AGREES and evidence.middle is not Level.DIFFERENT
    return evidence.last in AGREES and evidence.first in _FIRST_NOT_CONTRADICTED


def releases(policy: Policy, rule: Rule, candidate: Candidate, statement: Statement) -> bool:
    """Whether a policy links by itself what the evidence shows.

    For `VERIFIED` it must be the evidence without the names that somebody says they had before (`at_present`): nobody
    proved those, and anybody may name one.
    """
    evidence = candidate.evidence
    if policy is Policy.LINKAGE:
        return True
    if policy is Policy.DEFAULT:
        by_email = evidence.email is Level.SAME and statement.person.email_verified
        weak = rule is Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE
        day = statement.person.date_of_birth
        if day and is_unknown_birthday(day):  # perhaps stated by somebody who only knows whose number it is
            return False
        if statement.impossible_date and rule is Rule.IDENTIFIER_AND_NAMES:
            return False
        return (evidence.identified and not weak) or (by_email and not evidence.identified)
    if policy is Policy.VERIFIED:
        firm = (evidence.first in _CALLED_EXACTLY or _is_spelled_otherwise(candidate)) and evidence.last in FIRM
        return evidence.born is Level.SAME and (firm or (evidence.identified and evidence.names_agree))
    has_none = candidate.record.nino_told and not candidate.record.nino
    by_nino = evidence.nino is Level.SAME or (has_none and evidence.names_agree)
    return evidence.trn is Level.SAME and evidence.born is Level.SAME and by_nino


def _is_spelled_otherwise(candidate: Candidate) -> bool:
    """Whether the first name is another spelling of the record's: what is proved are formal names, no short ones."""
    first = candidate.compared(Field.FIRST_NAME)
    alike = begin_alike(first.stated, first.held)
    return first.level is Level.VARIANT and alike and are_spellings(first.stated, first.held)


def blocks(chosen: Candidate, others: Sequence[Candidate], certain_from: float) -> tuple[Block, ...]:
    """Everything that forbids linking the chosen candidate, the other candidates known."""
    evidence = chosen.evidence
    rivals = [(other, other.evidence) for other in others]
    shared_by_family = chosen.compared(Field.MIDDLE_NAME).held in FAMILIES_SHARE
    named = evidence._replace(middle=Level.MISSING) if shared_by_family else evidence
    found = [
        (Block.RECORD_CLOSED, not chosen.active),
        (Block.STATED_TRN_IS_ANOTHER, _trn_is_another(evidence, rivals)),
        (Block.STATED_TRN_DIFFERS, _trn_differs(evidence)),
        (Block.STATED_NINO_IS_ANOTHER, _nino_is_another(evidence, rivals)),
        (Block.NINO_CONTRADICTS, _nino_contradicts(evidence)),
        (Block.ANOTHER_FITS_EXACTLY, any(_fits_exactly(rival, named, other.active) for other, rival in rivals)),
        (Block.ANOTHER_FITS_TOO, any(_fits(rival, evidence) for _, rival in rivals)),
        (Block.ANOTHER_FITS_BETTER, evidence.identified and any(_fits_better(other, chosen) for other in others)),
        (Block.IDENTIFIER_IS_SHARED, _identifier_is_shared(evidence, rivals)),
        (Block.NOT_CERTAIN, chosen.posterior < certain_from),
    ]
    return tuple(block for block, fires in found if fires)


def leans_on_leaked_trn(chosen: Candidate, others: Sequence[Candidate], policy: Policy, statement: Statement) -> bool:
    """Whether a link would rest on a TRN that anybody may have read somewhere.

    Names and birthdays leak with it. The National Insurance number still links, where it would have done so without
    any TRN, and where no other record has it; the policy Strict, which demands the TRN as evidence, links nobody by a
    leaked one.
    """
    evidence = chosen.evidence
    if not statement.person.trn_leaked or evidence.trn is not Level.SAME:
        return False
    without = evidence._replace(trn=Level.MISSING)
    if policy is Policy.STRICT or without.nino is not Level.SAME or linking_rule(without) is None:
        return True
    return any(other is not chosen and other.evidence.nino is Level.SAME for other in others)


def _trn_is_another(evidence: Evidence, rivals: Sequence[tuple[Candidate, Evidence]]) -> bool:
    """Whether the stated TRN is somebody else's, and nothing says that it is only mistyped.

    The National Insurance number settles it. So do exactly this name and birthday with a TRN one slip away,
    when nothing at all of the TRN's holder resembles the person: in a full register one slip in three hits.
    """
    holders = [rival for _, rival in rivals if rival.trn is Level.SAME]
    if evidence.trn is Level.SAME or evidence.nino is Level.SAME:
        return False
    mistyped = evidence.trn is Level.ONE_SLIP and evidence.exact
    return any(not mistyped or _resembles(holder) for holder in holders)


def _trn_differs(evidence: Evidence) -> bool:
    return evidence.trn is Level.DIFFERENT and evidence.nino is not Level.SAME


def _nino_is_another(evidence: Evidence, rivals: Sequence[tuple[Candidate, Evidence]]) -> bool:
    taken = any(rival.nino is Level.SAME for _, rival in rivals)
    return taken and evidence.nino is not Level.SAME and evidence.trn is not Level.SAME


def _nino_contradicts(evidence: Evidence) -> bool:
    return evidence.nino is Level.DIFFERENT and evidence.trn is not Level.SAME


def _identifier_is_shared(evidence: Evidence, rivals: Sequence[tuple[Candidate, Evidence]]) -> bool:
    """Whether two open records hold the number that was given, and no TRN chooses between them."""
    return (
        evidence.nino is Level.SAME
        and evidence.trn is not Level.SAME
        and any(other.active and rival.nino is Level.SAME and _resembles(rival, evidence) for other, rival in rivals)
    )


def _resembles(rival: Evidence, chosen: Evidence | None = None) -> bool:
    """Whether anything but a number speaks for another record; beside an exact one its last name alone is a wife's."""
    by_name = rival.first in AGREES or (rival.last in AGREES and not (chosen and chosen.exact))
    return by_name or rival.born in NEAR_DATE or rival.born is Level.SAME


def _fits_exactly(rival: Evidence, chosen: Evidence, active: bool) -> bool:
    """Whether this other record has exactly the stated name and birthday, and the chosen one not.

    Another middle name than was stated is not exactly the name, where the chosen one has the one that was; nor is none,
    where the chosen one has that, the stated number and both names. A closed record is an earlier one of the same
    person, beside one of the stated number, birthday and first name.
    """
    if not active and chosen.identified and chosen.born is Level.SAME and chosen.first is Level.SAME:
        return False
    lacks_middle = False
    if chosen.middle is Level.SAME and chosen.first is Level.SAME and rival.middle is not Level.SAME:
        if rival.middle is Level.DIFFERENT:
            lacks_middle = chosen.identified or chosen.exactly_named
        else:
            lacks_middle = chosen.identified and chosen.last in AGREES
    # Laura Margaret and Margaret Laura are twins: no order of the names is nearer than the one that was stated.
    as_close = chosen.exact or (chosen.all_but_exact and rival.middle is not Level.SAME)
    return rival.exact and not as_close and not lacks_middle


def _fits(rival: Evidence, chosen: Evidence) -> bool:
    """Whether this other record could be the person's just as well, identifiers aside.

    Beside one of exactly this name another that only resembles it is as likely as its posterior says, no more. Numbers
    do not tell whoever is called otherwise from a twin whom they belong to, where there is a record of that birthday.
    """
    if chosen.identified:
        called = rival.last in AGREES and (rival.first in AGREES or rival.first in _CALLED_SO)
        if chosen.middle is Level.SAME:  # then whoever has another, or is called so by a middle name, is not meant
            called = called and rival.first in AGREES and rival.middle is not Level.DIFFERENT
        otherwise = chosen.first not in AGREES and chosen.first not in _CALLED_SO
        both = chosen.trn is chosen.nino is Level.SAME
        return rival.born is Level.SAME and ((both and otherwise and called) or _is_called_exactly(rival, chosen))
    contradicted = Level.DIFFERENT in (rival.nino, rival.trn)
    if contradicted or rival.born is not Level.SAME:
        return False
    return rival.exactly_named if chosen.exact else rival.names_agree


def _is_called_exactly(rival: Evidence, chosen: Evidence) -> bool:
    """Whether this other record has exactly the stated first name, the chosen one a slip of it and another last name.

    Whoever is newly married and has a twin of a name a letter away may have given the twin's number.
    """
    slip = chosen.first is Level.NEARLY and chosen.born is Level.SAME and chosen.last not in AGREES
    return slip and rival.first is Level.SAME


def _fits_better(other: Candidate, chosen: Candidate) -> bool:
    """Whether, numbers aside, the person is rather this other record: then the number may be a relative's.

    Ben Mills is Benjamin Mills of that birthday, whoever of that name a month younger has the number that he states.
    Who is called exactly as was stated, has the stated middle name or the stated address, is not doubted for a slip.
    """
    rival, evidence = other.evidence, chosen.evidence
    named = rival.last in AGREES and (rival.first in AGREES or rival.first is Level.INITIAL)
    of_one_day = other.record.date_of_birth == chosen.record.date_of_birth
    near = rival.born in NEAR_DATE and (evidence.born is Level.DIFFERENT or of_one_day)
    closer = near or rival.born is Level.SAME
    if not (named and closer) or other.record.status is RecordStatus.MERGED or _is_firm(evidence, rival):
        return False
    if rival.first is evidence.first is Level.NEARLY and _slips(other) < _slips(chosen):
        return True
    return _without_numbers(other) > _without_numbers(chosen) + FITS_BETTER_BY


def _is_firm(chosen: Evidence, rival: Evidence) -> bool:
    """Whether more than a number says that it is the chosen record, and not a relative's."""
    by_name = chosen.exactly_named and chosen.born is not Level.DIFFERENT
    by_middle = chosen.middle is Level.SAME and rival.middle is not Level.SAME
    return by_name or by_middle or chosen.email is Level.SAME


def _without_numbers(candidate: Candidate) -> float:
    """The weight of everything but TRN and National Insurance number."""
    return candidate.weight - sum(each.bits for each in candidate.comparisons if each.field in _NUMBERS)


def _slips(candidate: Candidate) -> int:
    """How many letters of the first name are other ones."""
    first = candidate.compared(Field.FIRST_NAME)
    return OSA.distance(first.stated, first.held)
