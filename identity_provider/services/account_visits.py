"""Coming to one's account from a service: where "Back" and "Sign out" lead, remembered for the visit on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError
from identity_provider.models import AccountVisit, Client
from identity_provider.services import clients
from identity_provider.vault import vault

LASTS = timedelta(hours=12)
_PURPOSE = "account_visit"
_LONGEST = 2000


class NotFromAService(IdentityError):
    """The service is not known, or one of the addresses is not its own: nobody is sent there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The service's name, and where it wants the person back; `sign_out_uri` may be empty."""

    service: str
    back_uri: str
    sign_out_uri: str


def begin(browser: str, client_id: str, back_uri: str, sign_out_uri: str, *, now: datetime) -> None:
    """Remember it for this browser, in place of what was remembered before.

    Both addresses must be of an origin that the service registered a redirect or post-logout URI with: it sends the
    page that the person was on, which nobody registers. Raises NotFromAService.
    """
    client = clients.find(client_id)
    if client is None or not client.is_enabled:
        raise NotFromAService
    if not _is_its_own(back_uri, client) or (sign_out_uri and not _is_its_own(sign_out_uri, client)):
        raise NotFromAService
    row = {
        "browser_hmac": vault.keyed_hash(_PURPOSE, browser),
        "client_id": client.id,
        "back_uri": back_uri,
        "sign_out_uri": sign_out_uri,
        "expires_at": now + LASTS,
    }
    there = insert(AccountVisit).values(row)
    db.session.execute(there.on_conflict_do_update(index_elements=[AccountVisit.browser_hmac], set_=row))


def current(browser: str, *, now: datetime) -> Visit | None:
    """The visit of this browser, if it came from a service that may still send people and be returned to."""
    visit = db.session.scalar(
        select(AccountVisit)
        .where(AccountVisit.browser_hmac.in_(vault.keyed_hashes(_PURPOSE, browser)), AccountVisit.expires_at > now)
        .order_by(AccountVisit.expires_at.desc())
        .limit(1)
    )
    client = clients.find(visit.client_id) if visit is not None else None
    if visit is None or client is None or not client.is_enabled or not _is_its_own(visit.back_uri, client):
        return None
    leaves_to = visit.sign_out_uri if _is_its_own(visit.sign_out_uri, client) else ""
    return Visit(client.name, visit.back_uri, leaves_to)


def end(browser: str) -> None:
    """Forget where this browser came from."""
    db.session.execute(
        delete(AccountVisit)
        .where(AccountVisit.browser_hmac.in_(vault.keyed_hashes(_PURPOSE, browser)))
        .execution_options(synchronize_session=False)
    )


def _is_its_own(uri: str, client: Client) -> bool:
    origin = _origin(uri)
    registered = (*client.redirect_uris, *client.post_logout_redirect_uris)
    return origin is not None and origin in {_origin(each) for each in registered}


def _origin(uri: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a web address; None for whatever is read in two ways by two programs."""
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" \\<>\"'`{}|^")
    if not plain or len(uri) > _LONGEST or not uri.startswith(("https://", "http://")):
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc or "%" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _usual_port(parts)


def _usual_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80
