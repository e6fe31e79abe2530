"""The rows of a user's page."""

from __future__ import annotations

from flask_babel import gettext as _

from identity_provider.domain.lookup import LookupStatus
from identity_provider.kit.written import written_moment
from identity_provider.models import BrowserSession, Lookup, TrnLink, User
from identity_provider.services import statements
from support_console.actors import name_of
from support_console.labels import label_of

Details = list[dict[str, str]]


def details_of(user: User, merged: list[User]) -> Details:
    """Who the person is here."""
    unknown, never = _("Not given"), _("Never")
    return [
        _row(_("User ID"), str(user.id)),
        _row(_("Name"), user.name.full),
        _row(_("Preferred name"), user.preferred_name or unknown),
        _row(_("Email address"), user.email),
        _row(_("Mobile number"), user.mobile_number or unknown),
        _row(_("Date of birth"), statements.day(user.date_of_birth) or unknown),
        _row(_("TRN"), user.trn or _("No TRN")),
        _row(_("Lookup"), f"{lookup_standing(user.lookup_status)} ({user.lookup_reason.replace('_', ' ')})"),
        _row(_("Verification level"), user.verification_level or _("Not linked")),
        _row(_("Came from"), user.registered_with_client_id or unknown),
        _row(_("Created"), written_moment(user.created_at)),
        _row(_("Last signed in"), written_moment(user.last_signed_in_at) if user.last_signed_in_at else never),
        _row(_("Standing"), standing(user)),
        _row(_("Users merged into this one"), ", ".join(str(each.id) for each in merged) or _("Nobody")),
    ]


def stated_by(user: User) -> Details:
    """What the person said to help find their record."""
    lines = statements.stated_lines(user, user.registered_with_client_id or "", user.lookup_reason)
    return [_row(label, text) for label, text in lines[1:2] + lines[4:8]]


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
    return [of.trn, of.source, of.level, written_moment(of.linked_at), name_of(of.linked_by), of.reason, ended]


def lookup(of: Lookup) -> list[str]:
    """One search of the register."""
    return [
        written_moment(of.at),
        label_of(of.occasion),
        label_of(of.outcome),
        statements.why(of.reason),
        label_of(of.policy),
    ]


def session(of: BrowserSession) -> list[str]:
    """One sign-in in one browser."""
    ended = written_moment(of.ended_at) if of.ended_at else _("Not signed out")
    return [written_moment(of.created_at), written_moment(of.last_seen_at), ", ".join(of.amr), ended]


def _row(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}
