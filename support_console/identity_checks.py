"""What identity providers reported of a person, as staff read it: who, on what, and what came of it."""

from __future__ import annotations

from flask_babel import gettext as _

from identity_provider.kit.written import written_date
from identity_provider.models import IdentityCheck, User
from identity_provider.services import identities, identity_checks


def head() -> list[str]:
    """The names of the columns."""
    return [_("By"), _("Document"), _("Checked on"), _("Agrees with the account"), _("What came of it")]


def rows_of(user: User) -> list[list[str]]:
    """Every report about any identity of the person, newest first; what was seen is for reviewers only."""
    found = identity_checks.of([each.id for each in identities.all_of(user)])
    return [
        [check.provider, check.document_kind, written_date(check.checked_on), _agreement(check), _led_to(check)]
        for check in found
    ]


def _agreement(check: IdentityCheck) -> str:
    if not check.differs:
        return str(_("Yes"))
    named = {"firstName": _("first name"), "lastName": _("last name"), "dateOfBirth": _("date of birth")}
    return str(_("No: %(details)s", details=", ".join(named.get(each, each) for each in check.differs)))


def _led_to(check: IdentityCheck) -> str:
    words = {
        identity_checks.RAISED: _("The link to the record is surer now"),
        identity_checks.RECORD_DIFFERS: _("The linked record has another name or date of birth: look into it"),
        identity_checks.NOTHING: _("Nothing"),
        identity_checks.REVIEW: _("A reviewer is asked"),
    }
    return str(words.get(check.led_to, _("Being weighed")))
