"""What we hold about a person, on one page, and where each part of it is changed."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.kit.app import settings
from identity_provider.kit.persons import for_person
from identity_provider.kit.written import written_date, written_number
from identity_provider.models import User
from identity_provider.services import statements, support_tickets

Row = dict[str, object]


@for_person
def home(person: User) -> ResponseReturnValue:
    """The details held, and a way to change each."""
    return render_template(
        "account/home.html",
        person=person,
        about=_about(person),
        contacts=_contacts(person),
        record=_record(person),
        # Nobody looks for who is taken to have none: they have to know whom to tell that they have one.
        may_be_wrong=_is_without(person) and support_tickets.open_case_of(person) is None,
        support=settings().support_email,
    )


def _about(person: User) -> list[Row]:
    """Who the person is. A row may have `change`, the address of the page that changes it."""
    previous = ", ".join(statements.previous_names(person))
    born = written_date(person.date_of_birth) if person.date_of_birth else _("Not given")
    return [
        {"key": _("Official name"), "value": person.name.full, "change": url_for("changes.start", slug="name")},
        {
            "key": _("Name you like to be called"),
            "value": person.preferred_name or _("Not given"),
            "change": url_for(".preferred_name"),
        },
        {"key": _("Previous names"), "value": previous or _("Not given")},
        {"key": _("Date of birth"), "value": born, "change": url_for("changes.start", slug="date-of-birth")},
    ]


def _contacts(person: User) -> list[Row]:
    """How the person is reached, and signs in."""
    mobile: Row = {"key": _("Mobile number"), "value": written_number(person.mobile_number) or _("Not given")}
    if settings().sends_texts or person.mobile_number:
        mobile |= {"change": url_for(".mobile"), "action": _("Change") if person.mobile_number else _("Add")}
    return [
        {"key": _("Email address"), "value": person.email, "change": url_for(".email")},
        mobile,
    ]


def _record(person: User) -> list[Row]:
    """What is known of the person's teaching record: not knowing is never shown as there being none."""
    rows: list[Row] = [
        {"key": _("Teacher reference number (TRN)"), "value": person.trn or _without_trn(person)},
        {"key": _("National Insurance number"), "value": _nino(person)},
    ]
    return rows


def _nino(person: User) -> str:
    nino = statements.nino_of(person)
    return str(_("Ends in %(end)s", end=nino.last_three)) if nino is not None else str(_("Not given"))


def _is_without(person: User) -> bool:
    return person.lookup_status in (LookupStatus.NONE, LookupStatus.FAILED)


def _without_trn(person: User) -> str:
    match person.lookup_status:
        case LookupStatus.NONE if support_tickets.open_case_of(person) is not None:
            return _pending(person)
        case LookupStatus.NONE:
            return str(_("We looked and found no teaching record for you"))
        case LookupStatus.FAILED:
            return str(_("Our helpdesk has confirmed that you do not have a TRN"))
        case _:
            return _pending(person)


def _pending(person: User) -> str:
    case = support_tickets.open_case_of(person)
    if case is not None:
        return str(
            _("We do not know it yet. Our helpdesk is looking, with the reference %(case)s", case=case.reference)
        )
    if person.lookup_reason is LookupReason.NOT_LOOKED_UP:
        return str(_("We do not know it yet. We will look for it when a service needs it"))
    return str(_("We do not know it yet. We are still looking"))
