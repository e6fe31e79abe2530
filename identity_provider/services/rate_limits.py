"""How often something may be tried: fixed windows, counted in the database so that every worker sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from identity_provider.db import db
from identity_provider.domain.errors import RateLimited
from identity_provider.services import audit, measures
from identity_provider.vault import vault

_COUNT = text(
    "INSERT INTO rate_counters (key, window_start, count, expires_at) VALUES (:key, :start, 1, :expires)"
    " ON CONFLICT (key, window_start) DO UPDATE SET count = rate_counters.count + 1 RETURNING count"
)

_FORGIVE = text("UPDATE rate_counters SET count = count - 1 WHERE key = :key AND window_start = :start AND count > 0")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` times in each window of `per`."""

    name: str
    count: int
    per: timedelta
    # Whether somebody who reaches it may be guessing or flooding: then the audit says that it was reached.
    audited: bool = False


# See code_limits.py for what each of these is counted by.
CODES_PER_ADDRESS = Limit("codes_per_address", 6, timedelta(minutes=10), audited=True)
CODES_PER_ADDRESS_IN_ALL = Limit("codes_per_address_in_all", 60, timedelta(hours=1), audited=True)
CODES_PER_IP = Limit("codes_per_ip", 600, timedelta(minutes=10), audited=True)
GUESSES_PER_ADDRESS = Limit("guesses_per_address", 30, timedelta(hours=1), audited=True)
GUESSES_PER_ADDRESS_IN_ALL = Limit("guesses_per_address_in_all", 150, timedelta(hours=1), audited=True)
GUESSES_PER_IP = Limit("guesses_per_ip", 120, timedelta(minutes=10), audited=True)
SUBMISSIONS_PER_USER = Limit("submissions_per_user", 10, timedelta(days=1))
LOOKUPS_PER_JOURNEY_EMAIL = Limit("lookups_per_email", 60, timedelta(days=1))
LOOKUPS_PER_STATED_TRN = Limit("lookups_per_stated_trn", 20, timedelta(days=1))
# Failures only, and what is right is let through whatever they say: a stranger at the same address shuts nobody out.
CLIENT_FAILURES = Limit("client_failures", 20, timedelta(minutes=5), audited=True)
CLIENT_FAILURES_PER_IP = Limit("client_failures_per_ip", 50, timedelta(minutes=5), audited=True)
TOKEN_FAILURES_PER_IP = Limit("token_failures_per_ip", 300, timedelta(minutes=5), audited=True)
WEBHOOK_REFUSALS_PER_IP = Limit("webhook_refusals_per_ip", 100, timedelta(minutes=5), audited=True)
# Looks at awards by strangers: of one address only the wrong ones count, of one code all, whether there is such a one.
AWARD_CHECKS_PER_IP = Limit("award_checks_per_ip", 30, timedelta(minutes=10), audited=True)
AWARD_CHECKS_PER_CODE = Limit("award_checks_per_code", 30, timedelta(hours=1), audited=True)
# Each file may take a processor for ten seconds, also when it is refused in the end.
FILES_PER_PERSON = Limit("files_per_person", 30, timedelta(hours=1), audited=True)
CERTIFICATES_MADE = Limit("certificates_made", 50, timedelta(days=1))
CERTIFICATES_BY_EMAIL = Limit("certificates_by_email", 5, timedelta(days=1))
REGISTRATION_CALLS = Limit("registration_calls", 60, timedelta(minutes=10), audited=True)


def count(limit: Limit, what: str, *, now: datetime) -> None:
    """Count one try for `what` (an address, an IP, an id).

    Raises RateLimited once the window is full. The count stands whatever becomes of the caller's work only if
    the caller commits: call it in a transaction of its own, before the work.
    """
    start = _window(limit, now)
    key = _key(limit, what)
    row = {"key": key, "start": start, "expires": start + limit.per}
    tried = db.session.execute(_COUNT, row).scalar_one()
    if limit.audited and tried == limit.count:
        # The last try that counts: those after it are refused, and their transaction is taken back.
        audit.record("limit_reached", audit.Subject("limit", key), actor=audit.SYSTEM, now=now)
    if tried > limit.count:
        measures.limited(limit.name)
        raise RateLimited(max(start + limit.per - now, timedelta(seconds=1)))


def forgive(limit: Limit, what: str, *, now: datetime) -> None:
    """Take back one try of this window, for limits on what went wrong."""
    db.session.execute(_FORGIVE, {"key": _key(limit, what), "start": _window(limit, now)})


def _window(limit: Limit, now: datetime) -> datetime:
    seconds = int(limit.per.total_seconds())
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


def _key(limit: Limit, what: str) -> str:
    return f"{limit.name}:{vault.keyed_hash('rate', what).hex()[:40]}"
