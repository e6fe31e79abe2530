"""How a search of the register ended, in sentences for staff: the matcher's own reason, which says more than ours.

What stands at a person is one of the domain's reasons, and each of those stands for several of the matcher's. Where the
search that led to it is known, its own reason is said instead, with what kept the likeliest record from being linked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import or_, select

from identity_provider.db import db
from identity_provider.domain.lookup import LookupReason
from identity_provider.domain.words import N_, Words
from identity_provider.models import Lookup, SupportTicket, User
from identity_provider.services import statements
from identity_provider.services.register_search import FAULT, Occasion
from matching.explain import NO_RULE, standing_against
from matching.matcher import Reason
from matching.policy import Block, Rule

_UNAVAILABLE: Final = "register_unavailable"
_NOTHING_AGAINST: Final = ("match", "none", "unanswered")
"""Outcomes that no record was kept out of."""

_ENDS: Final[dict[str, str]] = {
    Rule.IDENTIFIER_BIRTHDAY_AND_NAME: N_("A number, the date of birth and a name agree"),
    Rule.IDENTIFIER_AND_NAMES: N_("A number and the names agree"),
    Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE: N_("A number and part of the name agree, the date of birth nearly"),
    Rule.BOTH_IDENTIFIERS_AND_NAMES: N_("Both numbers and the names agree"),
    Rule.NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY: N_("The names and the date of birth agree, a number nearly"),
    Rule.NAMES_AND_BIRTHDAY: N_("The names and the date of birth agree"),
    Reason.AMBIGUOUS: N_("Two or more records fit"),
    Reason.NEAR_MATCH: N_("A record is close, but could not be linked"),
    Reason.STATED_TRN_NOT_FOUND: N_("No record was found under the TRN they gave"),
    Reason.STATED_TRN_CONFLICTS: N_("The TRN they gave is of a record that does not fit well enough"),
    Reason.TOO_MANY_CANDIDATES: N_("Too many records share what they gave, so that not all could be compared"),
    Reason.TOO_LITTLE_GIVEN: N_("Too little was given to tell, or not all of it could be read"),
    Reason.RECORD_CLOSED: N_("The record that fits is closed"),
    Reason.STATED_TRN_LEAKED: N_("The TRN that was given is on the list of leaked numbers"),
    Reason.NOT_RELEASED_BY_POLICY: N_("The record fits, but not enough was proved to link it"),
    Reason.REGISTER_INCOMPLETE: N_("The search could not be finished: the register of teachers answered in part only"),
    _UNAVAILABLE: N_("The register of teachers did not answer"),
    FAULT: N_("Something on our side broke"),
    "no_record_strong": N_("No record resembles them, and they gave a National Insurance number"),
    "no_record_weak": N_("No record resembles them"),
}
_LOADING: Final = N_("The search could not be done: the register of teachers holds no records yet")

AGAINST: Final[dict[str, str]] = {
    NO_RULE: N_("What agrees with the likeliest record is not enough to link it."),
    Block.RECORD_CLOSED: N_("The likeliest record is closed."),
    Block.STATED_TRN_IS_ANOTHER: N_("The TRN given is that of another record."),
    Block.STATED_TRN_DIFFERS: N_("The TRN given is not that of the likeliest record."),
    Block.STATED_NINO_IS_ANOTHER: N_("The National Insurance number given is that of another record."),
    Block.NINO_CONTRADICTS: N_("The National Insurance number given is not that of the likeliest record."),
    Block.ANOTHER_FITS_EXACTLY: N_("Another record has exactly the name and date of birth given."),
    Block.ANOTHER_FITS_TOO: N_("Another record may be theirs as well."),
    Block.ANOTHER_FITS_BETTER: N_("Numbers aside, another record fits better."),
    Block.IDENTIFIER_IS_SHARED: N_("Another record has the National Insurance number given, too."),
    Block.STATED_TRN_IS_LEAKED: N_("The TRN given is on the list of leaked numbers."),
    Block.NOT_CERTAIN: N_("It is not certain enough that the likeliest record is theirs."),
}
"""As matching/explain.py has it, marked for the catalogue; a test holds the two together."""

_SAY_IT_ALL: Final = (Reason.RECORD_CLOSED, Reason.STATED_TRN_LEAKED, Reason.NOT_RELEASED_BY_POLICY)
"""Reasons that name the one thing that stood against a link."""

_NEAR: Final = (Reason.NEAR_MATCH, Reason.TOO_MANY_CANDIDATES, Reason.TOO_LITTLE_GIVEN, Reason.REGISTER_INCOMPLETE)
_LED_TO: Final[dict[LookupReason, tuple[str, ...]]] = {
    LookupReason.AMBIGUOUS: (Reason.AMBIGUOUS,),
    LookupReason.NEAR_MATCH: (*_NEAR, *_SAY_IT_ALL),
    LookupReason.STATED_TRN_NOT_FOUND: (Reason.STATED_TRN_NOT_FOUND,),
    LookupReason.STATED_TRN_CONFLICTS: (Reason.STATED_TRN_CONFLICTS,),
    LookupReason.REGISTER_UNAVAILABLE: (_UNAVAILABLE, FAULT, Reason.REGISTER_INCOMPLETE),
}
"""Which of the matcher's reasons each of ours may stand for."""

_AFTER_OUTCOME: Final[dict[tuple[LookupReason, str], str]] = {
    (LookupReason.STATED_TRN_CONFLICTS, "match"): N_("The record that fits is another user's"),
    (LookupReason.STATED_TRN_NOT_FOUND, "none"): N_("They say that they have a TRN, and no record resembles them"),
    (LookupReason.NOT_LOOKED_UP, "none"): N_("No record resembles them so far, and questions to them are still open"),
}


def end_in_words(outcome: str, reason: str) -> Words:
    """How a search ended, by its stored outcome and reason; a reason that is not known is said as it is kept."""
    if (outcome, reason) == ("unanswered", Reason.REGISTER_INCOMPLETE):
        return Words(_LOADING)
    return Words(_ENDS.get(reason) or reason.replace("_", " ").capitalize())


def against(lookup: Lookup) -> tuple[Words, ...]:
    """What kept the likeliest record of a search from being linked, a sentence each; nothing where its reason says it.

    Nothing either where it was linked, and where no record resembled the person.
    """
    if lookup.outcome in _NOTHING_AGAINST or lookup.reason in _SAY_IT_ALL:
        return ()
    return in_words(standing_against(lookup.explanation))


def in_words(blocks: tuple[str, ...]) -> tuple[Words, ...]:
    """Each of what stands against a link, in a sentence."""
    return tuple(Words(AGAINST.get(block) or f"{block.replace('_', ' ').capitalize()}.") for block in blocks)


def why_of(user: User) -> tuple[Words, ...]:
    """Why the search for a person's record stands where it does, as finely as their last search tells."""
    return _why(user.lookup_reason, _last(user))


def why_of_case(case: SupportTicket) -> tuple[Words, ...]:
    """Why a case was opened, as finely as the last search before that tells."""
    return _why(case.reason, _last(case.user, until=case.created_at))


def _why(reason: LookupReason, lookup: Lookup | None) -> tuple[Words, ...]:
    if lookup is None:
        return (statements.why(reason),)
    after = _AFTER_OUTCOME.get((reason, lookup.outcome))
    if after is not None:
        return (Words(after),)
    unanswered = reason is LookupReason.REGISTER_UNAVAILABLE
    if lookup.reason not in _LED_TO.get(reason, ()) or (lookup.outcome == "unanswered") is not unanswered:
        return (statements.why(reason),)
    return (end_in_words(lookup.outcome, lookup.reason), *against(lookup))


def _last(user: User, *, until: datetime | None = None) -> Lookup | None:
    """The last search that may have decided: those between two questions never do, unless they find the record."""
    decides = or_(Lookup.occasion != Occasion.JOURNEY, Lookup.outcome == "match")
    wanted = select(Lookup).where(Lookup.user_id == user.id, decides)
    if until is not None:
        wanted = wanted.where(Lookup.at <= until)
    return db.session.scalar(wanted.order_by(Lookup.at.desc()).limit(1))
