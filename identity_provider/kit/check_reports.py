"""A provider's report as a document: what the DQT is shown where nothing was uploaded, since it wants a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from identity_provider.adapters.typesetting import NotTypeset, typeset
from identity_provider.db import db, transaction
from identity_provider.domain.evidence import EvidenceRefused
from identity_provider.kit.app import ports, settings
from identity_provider.models import ChangeReport, ChangeRequest, IdentityCheck
from identity_provider.ports import ChangeRefused
from identity_provider.services import change_reports, evidence, identity_checks
from identity_provider.services.statements import day

_SOURCE = Path(__file__).with_name("data") / "identity_check.typ"


def make_exhibit(report: ChangeReport) -> None:
    """Give the report of a change that rests on an identity check a file of its own. Not inside a transaction.

    It is evidence like any other: it goes through the scanner before anybody may fetch it. Raises ChangeRefused when no
    document can be made, NotTakenYet when it may be made later.
    """
    with transaction():
        words = _words_of(report.request)
    try:
        content = typeset(_SOURCE, words)
        cleaner, store = ports().cleaner, ports().evidence_store
        kept = evidence.take_in(content, "identity-check.pdf", cleaner=cleaner, store=store)
    except NotTypeset as failure:
        raise ChangeRefused(f"the provider's report could not be made a document: {failure}") from failure
    except EvidenceRefused as refusal:
        raise change_reports.NotTakenYet(f"the document could not be kept: {refusal}") from refusal
    with transaction():
        locked = {"of": ChangeReport}
        held = db.session.get_one(
            ChangeReport, report.change_request_id, with_for_update=locked, populate_existing=True
        )
        if held.evidence_id is None:
            evidence.receive(report.request.user, kept, now=ports().clock.now())
            held.evidence_id = kept.id
        # Otherwise another worker was first; what no row points at is swept away.


def _words_of(request: ChangeRequest) -> dict[str, str]:
    check = db.session.get(IdentityCheck, request.identity_check_id) if request.identity_check_id else None
    if check is None:
        raise ChangeRefused("the provider's report is gone")
    seen = identity_checks.verified_in(check)
    return {
        "title": "Report of an identity check",
        "author": settings().service_name,
        "explanation": "An identity provider verified these details on a document, and a reviewer approved them.",
        "trn": request.report.trn if request.report else "",
        "name": f"{seen['first_name']} {seen['last_name']}",
        "born": day(date.fromisoformat(seen["date_of_birth"])),
        "provider": check.provider,
        "document": check.document_kind,
        "checked": day(check.checked_on),
        "reference": request.reference,
    }
