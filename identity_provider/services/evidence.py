"""Evidence: files that people send to show that what they say is true; from their arrival to their end.

What was sent is cleaned in a process of its own, and only the cleaned file is kept: sealed, in the store, under a key
that says nothing. The store and the scanner are outside things: they are never asked inside a transaction. So a file
is first put into the store, and then a row points at it; what no row points at is swept away.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IdentityError, RateLimited
from identity_provider.domain.evidence import (
    UNDECIDED,
    CleanedFile,
    EvidenceRefused,
    EvidenceState,
    Refusal,
    kind_of,
    shown_name,
)
from identity_provider.models import Evidence, User
from identity_provider.models.evidence import NAME
from identity_provider.ports import EvidenceStore, FileCleaner, FileScanner, NotInStore, ScanVerdict, StoreUnavailable
from identity_provider.queue import defer
from identity_provider.services import audit, rate_limits
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.vault import SealBroken, vault

log = structlog.get_logger("evidence")

JUDGE = "judge_evidence"
REMOVE = "remove_evidence"
LEFT_BEHIND = timedelta(minutes=10)
BATCH = 200


class EvidenceNotShown(IdentityError):
    """The file waits for the scanner, or was infected, or is gone: nobody sees it."""


class Listener(Protocol):
    """Hears of a file that was judged, in the transaction that says so."""

    def __call__(self, evidence: Evidence, /, *, now: datetime) -> None:
        """`evidence.state` is CLEAN or INFECTED; or GONE, when the store has lost the file, before that or after."""
        ...


_listeners: list[Listener] = []


def when_judged(listener: Listener) -> Listener:
    """Have `listener` called whenever a file was judged; decorates a function of the service that uses evidence."""
    _listeners.append(listener)
    return listener


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A cleaned file that lies in the store, and that no row points at yet."""

    id: UUID
    key: str
    name: str
    media_type: str
    pages: int
    size: int
    sha256: bytes


def take_in(content: bytes, name: str, *, cleaner: FileCleaner, store: EvidenceStore) -> KeptFile:
    """Check, clean and keep a file that somebody sent. `receive` then makes it theirs. Not inside a transaction.

    Raises EvidenceRefused, with words for whoever sent it; nothing is kept then.
    """
    # Gives back the connection that was read with: the process may take ten seconds, and the store as long.
    with transaction():
        pass
    return keep(clean(content, name, cleaner=cleaner), name, store=store)


def allow_another(user: User, *, now: datetime) -> None:
    """Count a file of this person, in a transaction of its own. Raises EvidenceRefused(TOO_MANY)."""
    try:
        with transaction():
            rate_limits.count(rate_limits.FILES_PER_PERSON, str(user.id), now=now)
    except RateLimited as limited:
        raise EvidenceRefused(Refusal.TOO_MANY) from limited


def clean(content: bytes, name: str, *, cleaner: FileCleaner) -> CleanedFile:
    """The file written anew, in a process of its own; here only its first bytes are seen. Raises EvidenceRefused."""
    return cleaner.clean(content, kind_of(content, name))


def keep(cleaned: CleanedFile, name: str, *, store: EvidenceStore) -> KeptFile:
    """Seal the file and put it into the store. Raises EvidenceRefused(TRY_AGAIN_LATER) when the store fails."""
    kept = KeptFile(
        id=uuid4(),
        key=secrets.token_hex(24),
        name=shown_name(name, cleaned.media_type),
        media_type=cleaned.media_type,
        pages=cleaned.pages,
        size=len(cleaned.content),
        sha256=hashlib.sha256(cleaned.content).digest(),
    )
    try:
        store.put(kept.key, vault.seal_bytes(cleaned.content, _context(kept.id)))
    except StoreUnavailable as silence:
        log.warning("evidence_not_stored", reason=str(silence))
        raise EvidenceRefused(Refusal.TRY_AGAIN_LATER) from silence
    return kept


def receive(user: User, kept: KeptFile, *, now: datetime) -> Evidence:
    """Make a kept file this person's evidence. It waits until the scanner has looked at it."""
    row = Evidence(
        id=kept.id,
        user_id=user.id,
        state=EvidenceState.WAITING,
        media_type=kept.media_type,
        name_sealed=vault.seal(kept.name, NAME),
        size=kept.size,
        pages=kept.pages,
        sha256=kept.sha256,
        storage_key=kept.key,
        received_at=now,
        delete_after=now + UNDECIDED,
    )
    db.session.add(row)
    db.session.flush()
    _note("evidence_received", row, actor=Actor.of(user), now=now, media_type=row.media_type, size=row.size)
    _ask_for(JUDGE, row.id)
    return row


def judge(evidence_id: UUID, store: EvidenceStore, scanner: FileScanner, *, now: Callable[[], datetime]) -> None:
    """Have the scanner look at a file that waits, and tell those who listen; for the worker.

    Raises StoreUnavailable or ScannerUnavailable, to be tried again: the file waits on.
    """
    with transaction():
        row = db.session.get(Evidence, evidence_id)
    if row is None or row.state is not EvidenceState.WAITING:
        return
    try:
        verdict = scanner.scan(_opened(row, store))
    except NotInStore as missing:
        # Whether it is lost for good is for the sweep to say, which looks at the whole store.
        raise StoreUnavailable("the store does not have the file") from missing
    with transaction():
        row = _held(evidence_id)
        if row.state is EvidenceState.WAITING:
            _settle(row, verdict, now())


def contents(evidence_id: UUID, store: EvidenceStore, *, actor: Actor, now: datetime) -> tuple[bytes, str]:
    """A clean file and its media type, once it is written down that the actor saw it. Not inside a transaction.

    Raises EvidenceNotShown for every other file, StoreUnavailable when the store does not answer.
    """
    with transaction():
        row = db.session.get(Evidence, evidence_id)
    if row is None or not row.is_shown:
        raise EvidenceNotShown
    try:
        content = _opened(row, store)
    except NotInStore as lost:
        _tell_of_loss(row)
        raise EvidenceNotShown from lost
    with transaction():
        row = _held(evidence_id)
        if not row.is_shown:
            raise EvidenceNotShown
        _note("evidence_viewed", row, actor=actor, now=now)
    return content, row.media_type


def keep_until(evidence_id: UUID, at: datetime) -> None:
    """Say when the file goes: thirty days after what it is evidence for was decided."""
    row = _held(evidence_id)
    if row.deleted_at is None and row.state in {EvidenceState.WAITING, EvidenceState.CLEAN}:
        row.delete_after = at


def delete(evidence_id: UUID, now: datetime) -> None:
    """Show the file to nobody from now on, and have the worker take it out of the store."""
    row = _held(evidence_id)
    if row.deleted_at is None:
        _end(row, now)
        _ask_for(REMOVE, row.id)


def delete_all_of(user_ids: list[UUID], now: datetime) -> None:
    """Delete every file that these people sent."""
    for evidence_id in db.session.scalars(select(Evidence.id).where(Evidence.user_id.in_(user_ids))).all():
        delete(evidence_id, now)


def remove(evidence_id: UUID, store: EvidenceStore, *, now: datetime) -> None:
    """Take a file whose time is over out of the store, and write down that it is gone; for the worker.

    Raises StoreUnavailable, to be tried again.
    """
    with transaction():
        row = db.session.get(Evidence, evidence_id)
        if row is None or row.deleted_at is not None or row.delete_after > now:
            return
        row = _held(evidence_id)
        if row.state in {EvidenceState.WAITING, EvidenceState.CLEAN}:
            _end(row, now)
    store.delete(row.storage_key)
    with transaction():
        row = _held(evidence_id)
        if row.deleted_at is None:
            row.deleted_at = now
            _note("evidence_deleted", row, actor=SYSTEM, now=now)


def due(now: datetime) -> list[UUID]:
    """The files whose time is over and that the store still has, the oldest first."""
    with transaction():
        over = Evidence.deleted_at.is_(None) & (Evidence.delete_after <= now)
        return list(db.session.scalars(select(Evidence.id).where(over).order_by(Evidence.delete_after)))


def ask_for_what_was_left_behind(now: datetime) -> None:
    """Have the worker see to files that wait although no job is about them, and to those whose time is over."""
    for evidence_id in due(now)[:BATCH]:
        _ask_for(REMOVE, evidence_id)
    waiting = (Evidence.state == EvidenceState.WAITING) & (Evidence.received_at < now - LEFT_BEHIND)
    for evidence_id in db.session.scalars(select(Evidence.id).where(waiting).limit(BATCH)).all():
        _ask_for(JUDGE, evidence_id)


def give_up(evidence_id: UUID, now: datetime) -> None:
    """The store has lost the file: say so, and tell those who listen."""
    row = _held(evidence_id)
    if row.state in {EvidenceState.WAITING, EvidenceState.CLEAN}:
        _tell_of_loss(row)
        _end(row, now)
        row.deleted_at = now
        _tell(row, now)


def _settle(row: Evidence, verdict: ScanVerdict, now: datetime) -> None:
    row.judge(EvidenceState.CLEAN if verdict.clean else EvidenceState.INFECTED, now)
    _note("evidence_judged", row, actor=SYSTEM, now=now, state=row.state.value, found=verdict.found or "")
    if row.state is EvidenceState.INFECTED:
        _ask_for(REMOVE, row.id)
    _tell(row, now)


def _tell(row: Evidence, now: datetime) -> None:
    for listener in _listeners:
        listener(row, now=now)


def _end(row: Evidence, now: datetime) -> None:
    before = row.state
    row.end(now)
    if row.state is not before:
        _note("evidence_ended", row, actor=SYSTEM, now=now, state=before.value)


def _tell_of_loss(row: Evidence) -> None:
    log.error("evidence_lost", evidence_id=str(row.id))


def _opened(row: Evidence, store: EvidenceStore) -> bytes:
    """The file as it was sealed. A key that is not listed is the operator's to bring back: the file is not lost."""
    try:
        return vault.unseal_bytes(store.get(row.storage_key), _context(row.id))
    except SealBroken as broken:
        raise StoreUnavailable(
            "the store holds something else, or was sealed with a key that is not listed"
        ) from broken


def _held(evidence_id: UUID) -> Evidence:
    return db.session.get_one(Evidence, evidence_id, with_for_update={"of": Evidence}, populate_existing=True)


def _ask_for(task: str, evidence_id: UUID) -> None:
    defer(task, key=f"{task}:{evidence_id}", evidence_id=str(evidence_id))


def _note(action: str, row: Evidence, *, actor: Actor, now: datetime, **after: str | int) -> None:
    """In the audit of the person: which file, never what it is called or what is in it."""
    told = {"evidence": str(row.id), **after}
    audit.record(action, Subject("user", row.user_id), actor=actor, now=now, change=({}, told))


def _context(evidence_id: UUID) -> str:
    """What the seal is bound to, so that one file cannot be put in another one's place."""
    return f"evidence:{evidence_id}"
