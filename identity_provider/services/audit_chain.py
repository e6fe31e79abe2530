"""Sealing the audit: a chain of keyed digests, in which a changed, added or missing event shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text

from identity_provider.db import db
from identity_provider.models import AuditEvent, AuditSeal
from identity_provider.vault import vault

SETTLES_AFTER = timedelta(minutes=10)
"""No transaction is open for as long: what the database recorded before that is all there, and nothing follows."""

KEPT = timedelta(days=6 * 365 + 2)
"""How long an event is kept (experience.md, "Privacy"): six years. The trigger on the table knows no other figure."""

_PURPOSE = "audit_seal"
_ONE_SEALER = 7_205_110_923


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain does not hold, and what that means."""

    seal: int
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the whole chain found."""

    seals: int
    events: int
    unsealed: int
    head: str
    broken: tuple[Broken, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every seal fits what is there."""
        return not self.broken


def seal_what_has_settled(age: timedelta = SETTLES_AFTER) -> AuditSeal | None:
    """Seal every event recorded since the last seal and at least `age` ago; None when there is none.

    Goes by the database's clock, as the events do. Of two that seal at once the second finds nothing left to do.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_SEALER})
    last = _last_seal()
    until = db.session.scalars(select(func.clock_timestamp())).one() - age
    since = last.until if last else db.session.scalar(select(func.min(AuditEvent.recorded_at)))
    if since is None or since >= until:
        return None
    count, contents = _contents(since, until)
    if not count:
        return None
    number = last.number + 1 if last else 1
    digest = vault.attest(_PURPOSE, _bound(number, since, until, contents, last.digest if last else b""))
    seal = AuditSeal(number=number, since=since, until=until, events=count, digest=digest)
    db.session.add(seal)
    db.session.flush()
    return seal


def verify() -> Verdict:
    """Walk the chain from its first seal to its last, computing each anew from the events that are there.

    A stretch that is older than events are kept may be empty: its events were deleted in time, all together.
    """
    broken: list[Broken] = []
    before: AuditSeal | None = None
    sealed = 0
    forgotten = db.session.scalars(select(func.clock_timestamp())).one() - KEPT
    for seal in db.session.scalars(select(AuditSeal).order_by(AuditSeal.number)):
        count, contents = _contents(seal.since, seal.until)
        reason = _fault(seal, before, count, contents, forgotten=forgotten)
        if reason:
            broken.append(Broken(seal.number, seal.since, seal.until, reason))
        if before is None and _recorded_before(seal):
            broken.append(Broken(seal.number, seal.since, seal.until, "events were added before the first seal"))
        before = seal
        sealed += count
    total = db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0
    head = before.digest.hex() if before else ""
    return Verdict(before.number if before else 0, sealed, total - sealed, head, tuple(broken))


def holds_seal(head: str) -> bool:
    """Whether the chain has the seal of which a log once told the digest: if not, its end was cut off."""
    try:
        digest = bytes.fromhex(head)
    except ValueError:
        return False
    return db.session.scalar(select(AuditSeal.number).where(AuditSeal.digest == digest)) is not None


def oldest_unsealed() -> datetime | None:
    """When the oldest event was recorded that no seal covers yet; None when all are covered."""
    last = _last_seal()
    oldest = select(func.min(AuditEvent.recorded_at))
    return db.session.scalar(oldest.where(AuditEvent.recorded_at >= last.until) if last else oldest)


def remove_what_is_too_old() -> int:
    """Delete the events of every sealed stretch that ended longer ago than events are kept; returns how many."""
    now = db.session.scalars(select(func.clock_timestamp())).one()
    edge = db.session.scalar(select(func.max(AuditSeal.until)).where(AuditSeal.until < now - KEPT))
    if edge is None:
        return 0
    gone = db.session.execute(delete(AuditEvent).where(AuditEvent.recorded_at < edge))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]  # a CursorResult, as of every DELETE


def take_away_the_right_to_change() -> None:
    """Leave the owner of the tables, which is who we are, no right but to read and add, and to delete what is old."""
    db.session.execute(text("REVOKE UPDATE, TRUNCATE ON audit_events FROM PUBLIC, CURRENT_USER"))
    db.session.execute(text("REVOKE UPDATE, DELETE, TRUNCATE ON audit_seals FROM PUBLIC, CURRENT_USER"))


def _recorded_before(first: AuditSeal) -> bool:
    return db.session.scalar(select(AuditEvent.id).where(AuditEvent.recorded_at < first.since).limit(1)) is not None


def _last_seal() -> AuditSeal | None:
    return db.session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


def _fault(seal: AuditSeal, before: AuditSeal | None, count: int, contents: str, *, forgotten: datetime) -> str:
    """Why this seal does not fit, in words for an operator; empty when it does."""
    if before is None and seal.number != 1:
        return f"the chain begins with seal {seal.number}: the seals before it are missing"
    if before is not None and (seal.number, seal.since) != (before.number + 1, before.until):
        return f"seal {seal.number} does not follow seal {before.number}: seals are missing"
    if not count and seal.until < forgotten:
        return ""
    previous = before.digest if before else b""
    if vault.attests(seal.digest, _PURPOSE, _bound(seal.number, seal.since, seal.until, contents, previous)):
        return ""
    if count != seal.events:
        return f"{seal.events} events were sealed and {count} are there: events were added or deleted"
    return "an event was changed, or the seal was made with another of ENCRYPTION_KEYS"


def _bound(number: int, since: datetime, until: datetime, contents: str, previous: bytes) -> str:
    """What a seal signs: its place, its stretch, its events, and the seal before."""
    return "\n".join([str(number), since.isoformat(), until.isoformat(), contents, previous.hex()])


def _contents(since: datetime, until: datetime) -> tuple[int, str]:
    """How many events a stretch holds, and a digest over all of each."""
    digest = hashlib.sha256()
    count = 0
    for line in _lines(since, until):
        digest.update(line)
        count += 1
    return count, digest.hexdigest()


def _lines(since: datetime, until: datetime) -> Iterator[bytes]:
    rows = db.session.execute(
        select(AuditEvent.__table__)
        .where(AuditEvent.recorded_at >= since, AuditEvent.recorded_at < until)
        .order_by(AuditEvent.recorded_at, AuditEvent.id)
        .execution_options(yield_per=1_000)
    )
    for row in rows.mappings():
        plain = {name: value if isinstance(value, dict) else str(value) for name, value in row.items()}
        yield json.dumps(plain, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
