"""Stored words as people read them, for every slice of the console."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.domain.access import MatchPolicy, StaffRole, TrnRequirement
from identity_provider.domain.authentication import Acr, acr_of
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.domain.words import N_
from identity_provider.kit.written import written
from identity_provider.models import CaseStatus, Lookup, Resolution, StaffUser
from identity_provider.services import search_words, statements
from identity_provider.services.register_search import Occasion

ROLES: dict[StaffRole, str] = {
    StaffRole.VIEWER: N_("Viewer"),
    StaffRole.AGENT: N_("Agent"),
    StaffRole.REVIEWER: N_("Reviewer of evidence"),
    StaffRole.MERGER: N_("Merger of users"),
    StaffRole.SERVICE_MANAGER: N_("Service manager"),
    StaffRole.ADMINISTRATOR: N_("Administrator"),
}
_LABELS: dict[str, str] = {
    **{role.value: label for role, label in ROLES.items()},
    CaseStatus.OPEN: N_("Open"),
    CaseStatus.RESOLVED: N_("Resolved"),
    Resolution.TRN_ATTACHED: N_("TRN attached"),
    Resolution.NO_TRN: N_("Confirmed that there is no TRN"),
    Resolution.MATCHED_LATER: N_("Record found automatically"),
    Resolution.WITHDRAWN: N_("Withdrawn"),
    Occasion.JOURNEY: N_("During the questions"),
    Occasion.CHECK_ANSWERS: N_("After the answers were checked"),
    Occasion.SIGN_IN: N_("At a later sign-in"),
    Occasion.JOB: N_("By itself, later"),
    Occasion.CONSOLE: N_("In the console"),
    Occasion.IDENTITY_CHECK: N_("After an identity check"),
    MatchPolicy.DEFAULT: N_("Default"),
    MatchPolicy.STRICT: N_("Strict"),
    TrnRequirement.REQUIRED: N_("Always"),
    TrnRequirement.REQUIRED_IF_HELD: N_("If the person has one"),
    TrnRequirement.OPTIONAL: N_("No"),
    VerificationLevel.LOW: N_("Low"),
    VerificationLevel.MEDIUM: N_("Medium"),
    "match": N_("Match"),
    "ambiguous": N_("Ambiguous"),
    "not_determinable": N_("Not determinable"),
    "none": N_("No record"),
    "unanswered": N_("Unanswered"),
    "otp": N_("code by email"),
    "mfa": N_("second factor"),
}


def label_of(word: StrEnum | str) -> str:
    """A stored word as people read it; one that is not known is shown as it is kept."""
    label = _LABELS.get(str(word))
    return str(_(label)) if label else str(word).replace("_", " ").capitalize()


def roles_of(member: StaffUser) -> str:
    """What somebody may do, in words."""
    return ", ".join(label_of(each) for each in member.roles)


def way_in(amr: Collection[str]) -> str:
    """By what somebody signed in, in words."""
    if acr_of(amr) is Acr.PASSKEY:
        return str(_("passkey"))
    return ", ".join(label_of(each) for each in amr)


def why(reason: LookupReason) -> str:
    """Why somebody's search stands where it does, in a sentence."""
    return written(statements.why(reason))


def why_ended(outcome: str, reason: str) -> str:
    """Why a search ended as it did, in a sentence; `reason` is the matcher's own, or says that none took place."""
    return written(search_words.end_in_words(outcome, reason))


def search_told(lookup: Lookup) -> str:
    """Why a search ended as it did, and what kept the likeliest record from being linked."""
    return written((search_words.end_in_words(lookup.outcome, lookup.reason), *search_words.against(lookup)))


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that is not nought."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    if minutes < 48 * 60:
        return str(ngettext("%(num)s hour", "%(num)s hours", minutes // 60))
    return str(ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60)))
