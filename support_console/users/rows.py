"""The rows of a user's page."""

from __future__ import annotations

from flask_babel import gettext as _

from identity_provider.domain.lookup import LookupStatus
from identity_provider.kit.written import written, written_date, written_moment
from identity_provider.models import Award, BrowserSession, Lookup, TrnLink, User
from identity_provider.services import search_words
from identity_provider.services.statements import Stated, statement_of
from support_console.actors import name_of
from support_console.labels import label_of, search_told, way_in, why

Details = list[dict[str, str]]

_STATED = (
    *(Stated.PREVIOUS_NAMES, Stated.NINO, Stated.TRN, Stated.TRAINING_PROVIDER, Stated.CLAIMS_QTS),
    *(Stated.OTHER_NAMES, Stated.TEACHER_TRAINING, Stated.SCHOOL_WORK),
)


def details_of(user: User, merged: list[User]) -> Details:
    """Who the person is here."""
    unknown, never = _("Not given"), _("Never")
    return [
        _row(_("User ID"), str(user.id)),
        _row(_("Name"), user.name.full),
        _row(_("Preferred name"), user.preferred_name or unknown),
        _row(_("Email address"), user.email),
        _row(_("Mobile number"), user.mobile_number or unknown),
        _row(_("Date of birth"), written_date(user.date_of_birth) if user.date_of_birth else unknown),
        _row(_("TRN"), user.trn or _("No TRN")),
        _row(_("Lookup"), f"{lookup_standing(user.lookup_status)} ({written(search_words.why_of(user))})"),
        _row(
            _("Verification level"), label_of(user.verification_level) if user.verification_level else _("Not linked")
        ),
        _row(_("Came from"), user.registered_with_client_id or unknown),
        _row(_("Created"), written_moment(user.created_at)),
        _row(_("Last signed in"), written_moment(user.last_signed_in_at) if user.last_signed_in_at else never),
        _row(_("Standing"), standing(user)),
        _row(_("Users merged into this one"), ", ".join(str(each.id) for each in merged) or _("Nobody")),
    ]


def stated_by(user: User) -> Details:
    """What the person said to help find their record."""
    said = statement_of(user, user.registered_with_client_id or "")
    return [_row(_(label.value), written(said[label])) for label in _STATED if label in said]


def lookup_standing(status: LookupStatus) -> str:
    """Where a search stands, in words: the claim's own "None" reads like a mistake."""
    words = {
        LookupStatus.FOUND: _("Found"),
        LookupStatus.PENDING: _("Pending"),
        LookupStatus.NONE: _("No record"),
        LookupStatus.FAILED: _("Confirmed: no TRN"),
    }
    return str(words[status])


def standing(user: User) -> str:
    """Whether the identity is in use."""
    if user.erased_at is not None:
        return str(_("Erased"))
    if user.merged_into_id is not None:
        return str(_("Merged into %(user)s", user=user.merged_into_id))
    return str(_("Locked") if user.locked_at is not None else _("In use"))


def link(of: TrnLink) -> list[str]:
    """One period in which the user pointed at a record."""
    ended = _("Still there")
    if of.ended_at is not None:
        ended = _(
            "%(when)s by %(who)s: %(why)s",
            when=written_moment(of.ended_at),
            who=name_of(of.ended_by),
            why=of.end_reason,
        )
    return [
        of.trn,
        why(of.source),
        label_of(of.level),
        written_moment(of.linked_at),
        name_of(of.linked_by),
        of.reason,
        ended,
    ]


def lookup(of: Lookup) -> list[str]:
    """One search of the register."""
    return [
        written_moment(of.at),
        label_of(of.occasion),
        label_of(of.outcome),
        search_told(of),
        label_of(of.policy),
    ]


def award(of: Award, codes: int, looks: int) -> list[str]:
    """One award: `codes` of it work now, and it was looked at so often."""
    stands = _("Stands")
    if of.withdrawn_at is not None:
        stands = _("Withdrawn on %(when)s: %(why)s", when=written_moment(of.withdrawn_at), why=of.withdrawal_reason)
    return [
        _(of.qualification.full_name),
        of.provider_name,
        written_date(of.awarded_on),
        of.provider_reference,
        of.client.name,
        stands,
        str(codes),
        str(looks),
    ]


def session(of: BrowserSession) -> list[str]:
    """One sign-in in one browser."""
    ended = written_moment(of.ended_at) if of.ended_at else _("Not signed out")
    return [written_moment(of.created_at), written_moment(of.last_seen_at), way_in(of.amr), ended]


def _row(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}
