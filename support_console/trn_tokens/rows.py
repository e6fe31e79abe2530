"""The rows of the pages of TRN tokens."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.kit.written import written_date, written_moment
from identity_provider.models import TrnToken, User
from matching.records import TeachingRecord
from support_console.actors import name_of
from support_console.trn_tokens.queries import State, state_of

Details = list[dict[str, str]]


def in_words(state: State) -> str:
    """Where a token stands."""
    words = {
        State.UNUSED: _("Not used yet"),
        State.USED: _("Used"),
        State.EXPIRED: _("Expired"),
        State.REVOKED: _("Revoked"),
    }
    return str(words[state])


def listed(token: TrnToken, now: datetime) -> list[str]:
    """One token in the list of them."""
    address = url_for("support.trn_tokens.show", token_id=token.id)
    link = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, written_moment(token.created_at))
    return [link, token.email, token.trn, name_of(token.made_by), in_words(state_of(token, now))]


def details_of(token: TrnToken, now: datetime) -> Details:
    """One token, without the token itself, of which only a hash is kept."""
    rows = {
        _("State"): in_words(state_of(token, now)),
        _("Email address"): token.email,
        _("TRN"): token.trn,
        _("Made"): _("%(when)s by %(who)s", when=written_moment(token.created_at), who=name_of(token.made_by)),
        _("Good until"): written_moment(token.expires_at),
    }
    if token.used_at is not None:
        rows[_("Used on")] = written_moment(token.used_at)
    if token.revoked_at is not None:
        who = name_of(token.revoked_by)
        rows[_("Revoked on")] = _("%(when)s by %(who)s", when=written_moment(token.revoked_at), who=who)
    return [{"key": str(key), "value": str(value)} for key, value in rows.items()]


def checked(record: TeachingRecord, email: str, user: User | None) -> Details:
    """What the register and the accounts say of a token that is to be made."""
    names = " ".join(part for part in (record.first_name, record.middle_name, record.last_name) if part)
    rows = {
        _("TRN"): record.trn,
        _("Name on the record"): names or _("Not held"),
        _("Date of birth on the record"): written_date(record.date_of_birth) if record.date_of_birth else _("Not held"),
        _("Email address"): email,
        _("User with this address"): user.name.full if user else _("Nobody yet"),
    }
    return [{"key": str(key), "value": str(value)} for key, value in rows.items()]
