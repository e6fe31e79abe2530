"""The names by which a service knows a person and a session, so that services can only join what they may.

The subject is the same for all, or one for each sector (OpenID Connect Core 8); a session has another name for each
service.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.models import Client, PairwiseSubject, User
from identity_provider.ports import ServiceCaller, ServiceRefused
from identity_provider.services.persons import Person

SUBJECT_TYPES = ("public", "pairwise")


def sector_of(redirect_uris: tuple[str, ...], sector_identifier_uri: str | None) -> str | None:
    """The host that pairwise subjects are made for; None where two hosts are used and no document joins them."""
    if sector_identifier_uri is not None:
        return urlsplit(sector_identifier_uri).hostname
    hosts = {urlsplit(uri).hostname for uri in redirect_uris}
    return hosts.pop() if len(hosts) == 1 else None


def read_sector_document(uri: str, services: ServiceCaller) -> tuple[str, ...]:
    """The redirect URIs that a sector names as its own (8.1); called outside any transaction.

    Raises ServiceUnavailable and ServiceRefused.
    """
    listed = services.fetch_json(uri)
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ServiceRefused("the document is not a list of addresses")
    return tuple(listed)


def session_name(client_id: str, session_id: UUID) -> str:
    """The `sid` by which this client knows a browser session (OpenID Connect Front-Channel Logout 1.0 section 3).

    Two services that compare theirs learn nothing: whoever does not know the session's id, which never leaves us,
    cannot tell that two names are of one session. It is the same whichever keys are in use.
    """
    digest = hashlib.sha256(session_id.bytes + client_id.encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def subject_for(client: Client, user_id: UUID, *, now: datetime) -> str:
    """The subject by which this client knows the person; a pairwise one is made at first need."""
    sector = sector_of_client(client)
    if sector is None:
        return str(user_id)
    found = _pairwise(user_id, sector)
    if found is None:
        db.session.execute(
            insert(PairwiseSubject)
            .values(user_id=user_id, sector_identifier=sector, subject=uuid4(), created_at=now)
            .on_conflict_do_nothing(index_elements=[PairwiseSubject.user_id, PairwiseSubject.sector_identifier])
        )
        found = _pairwise(user_id, sector)
    return str(found)


def earlier_subjects(client: Client, user: User | Person) -> tuple[str, ...]:
    """The subjects of identities that were merged into this one, as far as this client can have met them."""
    part = select(User.id, User.created_at).where(User.merged_into_id == user.id).cte("part", recursive=True)
    # With those that were merged into them before.
    part = part.union_all(select(User.id, User.created_at).join(part, User.merged_into_id == part.c.id))
    merged = select(part.c.id).order_by(part.c.created_at)
    sector = sector_of_client(client)
    if sector is not None:
        merged = (
            select(PairwiseSubject.subject)
            .join(part, part.c.id == PairwiseSubject.user_id)
            .where(PairwiseSubject.sector_identifier == sector)
            .order_by(part.c.created_at)
        )
    return tuple(str(each) for each in db.session.scalars(merged))


def user_known_as(client: Client, subject: str) -> UUID | None:
    """Whom a client means by a subject; None for one that it was not given."""
    try:
        value = UUID(subject)
    except ValueError:
        return None
    # Another spelling of the same number is not the subject that we gave.
    if str(value) != subject:
        return None
    sector = sector_of_client(client)
    if sector is None:
        return value
    return db.session.scalars(
        select(PairwiseSubject.user_id).where(
            PairwiseSubject.subject == value, PairwiseSubject.sector_identifier == sector
        )
    ).first()


def sector_of_client(client: Client) -> str | None:
    """The sector of a client that gets pairwise subjects; None for one that gets public ones."""
    return client.sector_identifier if client.subject_type == "pairwise" else None


def _pairwise(user_id: UUID, sector: str) -> UUID | None:
    return db.session.scalars(
        select(PairwiseSubject.subject).where(
            PairwiseSubject.user_id == user_id, PairwiseSubject.sector_identifier == sector
        )
    ).first()
