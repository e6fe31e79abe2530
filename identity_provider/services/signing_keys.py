"""The life of the keys that sign tokens: made, published, used, retired and removed, without a restart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from sqlalchemy import select, text

from identity_provider.db import db
from identity_provider.models import KeyState, SigningKey
from identity_provider.services import audit
from identity_provider.vault import new_secret, vault

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
DEFAULT_ALGORITHM = "RS256"

# Longer than any token lives, and as long as relying services keep our keys (relying-services.md, 1.11).
RETIRED_FOR = timedelta(hours=24)

_CONTEXT = "signing_key"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('signing_keys'))")


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of the keys of one algorithm."""

    algorithm: str
    active: SigningKey
    retired: SigningKey | None
    pending: SigningKey


def published() -> list[SigningKey]:
    """The keys that verify tokens now or soon: all but the removed ones, oldest first."""
    return list(
        db.session.scalars(
            select(SigningKey).where(SigningKey.state != KeyState.REMOVED).order_by(SigningKey.created_at)
        )
    )


def ensure(algorithm: str, *, now: datetime) -> SigningKey:
    """The active key of an algorithm; made on first need, with the one that will follow it.

    The successor is published from the first day, so that services which keep our keys for a day know it long
    before it signs. An advisory lock lets one process make them while the others wait.
    """
    active = _in_state(algorithm, KeyState.ACTIVE)
    if active is not None:
        return active
    db.session.execute(_ONE_AT_A_TIME)
    active = _in_state(algorithm, KeyState.ACTIVE)
    if active is None:
        active = _in_state(algorithm, KeyState.PENDING) or _make(algorithm, now)
        active.move_on(now)
        _make(algorithm, now)
        db.session.flush()
    return active


def rotate(algorithm: str, *, actor: audit.Actor, now: datetime) -> Rotation:
    """Let the published successor sign from now on, retire the key before it, and publish a new successor."""
    db.session.execute(_ONE_AT_A_TIME)
    before = _in_state(algorithm, KeyState.ACTIVE)
    successor = _in_state(algorithm, KeyState.PENDING) or _make(algorithm, now)
    if before is not None:
        before.move_on(now)
        db.session.flush()  # the index allows one active key at a time
    successor.move_on(now)
    pending = _make(algorithm, now)
    remove_retired(now=now)
    audit.record(
        "rotate_signing_key",
        audit.Subject("signing_key", successor.kid),
        actor=actor,
        now=now,
        change=({"active": before.kid if before else None}, {"active": successor.kid, "pending": pending.kid}),
    )
    return Rotation(algorithm, successor, before, pending)


def remove_retired(*, now: datetime) -> int:
    """Stop publishing keys whose last token is long dead, and wipe their private halves."""
    due = db.session.scalars(
        select(SigningKey).where(SigningKey.state == KeyState.RETIRED, SigningKey.retired_at <= now - RETIRED_FOR)
    ).all()
    for key in due:
        key.move_on(now)
    return len(due)


def private_jwk(key: SigningKey) -> str:
    """The key pair as a JSON Web Key; for the process that signs, never for a log or a page."""
    if key.private_sealed is None:
        raise ValueError(f"key {key.kid} was removed")
    return vault.unseal(key.private_sealed, _CONTEXT)


def _in_state(algorithm: str, state: KeyState) -> SigningKey | None:
    return db.session.scalars(
        select(SigningKey)
        .where(SigningKey.algorithm == algorithm, SigningKey.state == state)
        .order_by(SigningKey.created_at)
        .limit(1)
    ).first()


def _make(algorithm: str, now: datetime) -> SigningKey:
    kid = new_secret()[:20]
    pair = _generate(algorithm, {"kid": kid, "use": "sig", "alg": algorithm})
    key = SigningKey(
        kid=kid,
        algorithm=algorithm,
        state=KeyState.PENDING,
        public_jwk=dict(pair.as_dict(private=False)),
        private_sealed=vault.seal(json.dumps(pair.as_dict(private=True)), _CONTEXT),
        created_at=now,
    )
    db.session.add(key)
    db.session.flush()
    return key


def _generate(algorithm: str, parameters: dict[str, str]) -> Key:
    match algorithm:
        case "RS256" | "PS256":
            return RSAKey.generate_key(2048, parameters)  # type: ignore[arg-type]  # joserfc's own KeyParameters dict
        case "ES256":
            return ECKey.generate_key("P-256", parameters)  # type: ignore[arg-type]  # as above
        case "Ed25519":
            return OKPKey.generate_key("Ed25519", parameters)  # type: ignore[arg-type]  # as above
        case _:
            raise ValueError(f"no key for {algorithm}")
