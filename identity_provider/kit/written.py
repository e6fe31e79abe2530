"""How values are written on a screen."""

from __future__ import annotations

from datetime import date, datetime

import phonenumbers
from flask import Flask
from flask_babel import format_date, format_datetime, pgettext
from flask_babel import gettext as _

from identity_provider.domain.words import Words, joined


def init_filters(app: Flask) -> None:
    """Give every template the filters `date`, `moment`, `trn`, `number`, `redacted_email` and `amid`."""
    app.jinja_env.filters.update(
        {
            "date": written_date,
            "moment": written_moment,
            "trn": written_trn,
            "number": written_number,
            "redacted_email": redacted_email,
            "amid": amid,
        }
    )


def written_date(value: date) -> str:
    """`3 March 1985`, as GOV.UK writes dates; of a moment, the day in London."""
    return str(format_date(value, "d MMMM y"))


def written_moment(value: datetime) -> str:
    """`3 March 2026 at 2:05pm`, London time."""
    day = format_datetime(value, "d MMMM y")
    time = format_datetime(value, "h:mma").replace(" ", "").lower()
    return str(_("%(day)s at %(time)s", day=day, time=time))


def written(said: Words | tuple[Words, ...] | date | str) -> str:
    """A line of somebody's statement: marked words in the language of the page, a date in its way, text as it is."""
    if isinstance(said, Words):
        if said.context:
            return str(pgettext(said.context, said.text, **said.gaps))
        return str(_(said.text, **said.gaps))
    if isinstance(said, tuple):
        return joined([written(each) for each in said])
    return written_date(said) if isinstance(said, date) else said


def written_trn(value: object) -> str:
    """Seven digits, the leading zeros kept."""
    return str(value).zfill(7)


def written_number(e164: str | None) -> str:
    """A telephone number with the spaces that people expect; empty for none."""
    if not e164:
        return ""
    return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def redacted_email(address: str) -> str:
    """`a****@e****.uk`: enough for its owner to recognise, too little for anybody else."""
    local, _, domain = address.rpartition("@")
    host, _, ending = domain.rpartition(".")
    return f"{local[:1]}****@{host[:1]}****.{ending}"


def amid(label: str) -> str:
    """A label in the midst of a sentence: `Email address` as `email address`, but abbreviations and names as they are.

    A first word that is written in another way than ordinary ones (TRN, GOV.UK), or before another capital letter
    (National Insurance, GOV.UK One Login), is taken for one.
    """
    first, _space, rest = label.partition(" ")
    ordinary = first[1:].islower() or not first[1:]
    named = rest[:1].isupper()
    return label[:1].lower() + label[1:] if ordinary and not named else label
