"""Signing people out because they signed out at GOV.UK One Login: each notice is believed once, when it holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.patience import waiting
from identity_provider.models import UsedAssertion
from identity_provider.ports import IdentityBroker
from identity_provider.services import one_login_checks as checks
from identity_provider.services import one_login_links, rate_limits
from identity_provider.services.signed_tokens import SKEW, moment
from identity_provider.vault import vault

PATIENCE_SECONDS = 4.0
FAILURES_PER_IP = rate_limits.Limit("one_login_sign_out_failures", 50, timedelta(minutes=5), audited=True)


def believe(token: str, broker: IdentityBroker, *, now: datetime) -> dict[str, Any]:
    """What a logout token that holds says. Not inside a transaction. Raises TokenRefused, and as the broker does."""
    with waiting(monotonic() + PATIENCE_SECONDS):
        keys = broker.signing_keys(checks.key_id(token, "logout_token"))
    return checks.logout_token(token, keys, checks.Expected(broker.terms, now))


def sign_out(said: dict[str, Any], *, now: datetime) -> int:
    """End what the person's One Login began here; returns how many sessions ended.

    Raises TokenRefused for a token that was shown before: an old one would end a session that began since.
    """
    expires = moment(said["exp"]) or now
    key = vault.keyed_hash("one_login_sign_out", f"{said['iss']}\0{said['jti']}")
    added = db.session.execute(
        insert(UsedAssertion)
        .values(key=key, expires_at=expires + SKEW)
        .on_conflict_do_nothing()
        .returning(UsedAssertion.key)
    ).first()
    if added is None:
        raise checks.TokenRefused("logout_token", "replayed")
    sid = said.get("sid")
    named = sid if isinstance(sid, str) else None
    return one_login_links.end_sessions_of(said["iss"], said["sub"], named, now=now)


def count_failure(ip: str, *, now: datetime) -> None:
    """Count a token that did not hold. Raises RateLimited; nobody is asked this whose token holds."""
    rate_limits.count(FAILURES_PER_IP, ip, now=now)
