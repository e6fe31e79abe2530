"""Whom an auditor means, by what they know of them: an ID, an email address, a TRN, or a reference.

The audit knows IDs, and leaked TRNs. What is typed is sent in the body and answered with what it leads to, so that
nothing personal stands in an address or in a log but a TRN that is public already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import AuditEvent, ChangeRequest, StaffUser, SupportTicket, User
from identity_provider.services import change_requests
from support_console import people

_REFERENCE: Final = re.compile(r"(GAI|" + change_requests.PREFIX + r")[ -]?([A-Z0-9]{6})")


class NotOne(Exception):
    """What was typed leads to nobody or to several; the message says so in the auditor's words."""


def actor(said: str) -> str:
    """The ID of who did something: of staff or of a person, by an address. Anything else is an ID. Raises NotOne."""
    if "@" not in said:
        return said
    staff = db.session.scalars(select(StaffUser.id).where(StaffUser.email == said.strip().lower())).all()
    return _only([*staff, *people.find_ids(said)], _("Nobody here has this email address"))


def subject(said: str) -> str:
    """The ID of whom or what something concerns: as `actor`, and by a reference, or a TRN that is linked.

    Of a TRN that is on the list of leaked numbers, or was, it is the number.
    """
    reference = _REFERENCE.fullmatch(said.strip().upper())
    if reference:
        found = _of_reference("-".join(reference.groups()))
        return _only(found, _("There is no case and no request with this reference"))
    trn = people.trn_in(said)
    if trn is not None and not _was_listed_as_leaked(trn):
        return _only(db.session.scalars(select(User.id).where(User.trn == trn)).all(), _("Nobody has this TRN"))
    return trn or actor(said)


def _was_listed_as_leaked(trn: str) -> bool:
    """Whether events concern the number itself, which then has no other way in; whose it is has."""
    about = select(AuditEvent.id).where(AuditEvent.subject_type == "leaked_trn", AuditEvent.subject_id == trn)
    return db.session.scalar(about.limit(1)) is not None


def _of_reference(reference: str) -> Sequence[UUID]:
    cases = select(SupportTicket.id).where(SupportTicket.reference == reference)
    requests = select(ChangeRequest.id).where(ChangeRequest.reference == reference)
    return db.session.scalars(cases.union_all(requests)).all()


def _only(found: Sequence[UUID], nobody: str) -> str:
    if not found:
        raise NotOne(nobody)
    if len(found) > 1:
        raise NotOne(_("This leads to more than one. Use the ID that stands on the page of the one whom you mean"))
    return str(found[0])
