"""Evidence on its way in and out over HTTP: what was uploaded is taken in, and a link lets software fetch one file."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import Response
from werkzeug.datastructures import FileStorage

from identity_provider.domain.evidence import MOST_BYTES, EvidenceRefused, Refusal
from identity_provider.kit.app import ports, settings
from identity_provider.kit.links import read_link, sign_link
from identity_provider.kit.sandboxed import sandboxed_file
from identity_provider.models import User
from identity_provider.services import evidence
from identity_provider.services.audit import Actor
from identity_provider.services.evidence import KeptFile

MOST_UPLOADED = 32_000_000
"""Of a whole form, for `@accepts_upload`: who picks a larger file than we take is told so on the page."""
LINK_LASTS = timedelta(minutes=15)
_PURPOSE = "evidence"


def take_in(upload: FileStorage | None, *, by: User | None = None) -> KeptFile:
    """Clean and keep what was uploaded; `evidence.receive` makes it somebody's. Not inside a transaction.

    Raises EvidenceRefused with words for the form; EMPTY also when no file was chosen, and TOO_MANY when `by` has sent
    more than anybody needs to.
    """
    if upload is None or not upload.filename:
        raise EvidenceRefused(Refusal.EMPTY)
    if by is not None:
        evidence.allow_another(by, now=ports().clock.now())
    # The file lies in a temporary one without a name; its own name goes nowhere but to the page.
    content = upload.stream.read(MOST_BYTES + 1)
    return evidence.take_in(content, upload.filename, cleaner=ports().cleaner, store=ports().evidence_store)


def show(evidence_id: UUID, *, actor: Actor, name: str = "", framed: bool = True) -> Response:
    """A clean file for a reviewer, in a sandbox; that they saw it is written down before they do.

    Raises EvidenceNotShown, StoreUnavailable. Not inside a transaction.
    """
    content, media_type = evidence.contents(evidence_id, ports().evidence_store, actor=actor, now=ports().clock.now())
    return sandboxed_file(content, media_type, name=name, framed=framed)


def signed_url(evidence_id: UUID, *, now: datetime) -> str:
    """An address at which this one file can be fetched for fifteen minutes, by whoever knows it: for the DQT."""
    token = sign_link(_PURPOSE, {"file": str(evidence_id)}, until=now + LINK_LASTS)
    return f"{settings().issuer}/evidence/{token}"


def file_of_link(token: str, *, now: datetime) -> UUID:
    """Which file a link is for. Raises LinkInvalid or LinkExpired."""
    return UUID(read_link(_PURPOSE, token, now=now)["file"])
