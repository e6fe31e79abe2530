"""Switching features on and off while the service runs: every process hears of it at once (services/changes.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import FEATURES, Feature
from identity_provider.models import AuditEvent, Client, FeatureSwitch
from identity_provider.services import audit
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.changes import FEATURE_SWITCHES, changes

Switches = Mapping[tuple[str, str], bool]

EVERYBODY = ""
"""Instead of a service's id: for every service that has no switch of its own."""

_SUBJECT, _REMOVED = "feature", "feature_switch_removed"


def is_on(feature: Feature, client: Client | str | None = None) -> bool:
    """Whether a feature is on, for this service or in general. A service's own switch counts before the general one.

    Answered from memory, so that a page may ask as often as it likes.
    """
    standing = _standing()
    own = client.id if isinstance(client, Client) else client
    if own and FEATURES[feature].per_service and (feature.value, own) in standing:
        return standing[feature.value, own]
    return standing.get((feature.value, EVERYBODY), FEATURES[feature].default)


def switch(
    feature: Feature, *, on: bool, reason: str, actor: Actor, now: datetime, client: Client | None = None
) -> None:
    """Switch a feature on or off, for everybody or for one service.

    Raises IllegalMove without a reason, or for one service where a feature knows no services.
    """
    if not reason.strip():
        raise IllegalMove("a feature is switched with a reason")
    if client is not None and not FEATURES[feature].per_service:
        raise IllegalMove("this feature is the same for every service")
    row = _held(feature, client)
    before = _facts(row)
    if row is None:
        row = FeatureSwitch(feature=feature.value, client_id=client.id if client else EVERYBODY)
        db.session.add(row)
    row.is_on, row.reason = on, reason
    row.changed_by, row.changed_at = f"{actor.type}:{actor.id}", now
    db.session.flush()
    _record("feature_switched", row, (before, _facts(row)), actor=actor, now=now, reason=reason)


def follow_general(feature: Feature, client: Client, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take away a service's own switch: it does as the rest. Raises IllegalMove when it has none, or no reason."""
    row = _held(feature, client)
    if row is None or not reason.strip():
        raise IllegalMove("this service has no switch of its own, or no reason was given")
    db.session.delete(row)
    db.session.flush()
    _record(_REMOVED, row, (_facts(row), {}), actor=actor, now=now, reason=reason)


def switched(feature: Feature) -> list[FeatureSwitch]:
    """Everything that was switched of one feature: the general switch first, then the services' own."""
    rows = select(FeatureSwitch).where(FeatureSwitch.feature == feature.value).order_by(FeatureSwitch.client_id)
    return list(db.session.scalars(rows))


def touched_since(feature: Feature, since: datetime) -> set[str]:
    """Which switches of a feature were switched or taken away after this moment: ids of services, or EVERYBODY."""
    switched_since = {each.client_id for each in switched(feature) if each.changed_at > since}
    # Of a switch that was taken away only the audit knows.
    taken_away = select(AuditEvent.before).where(
        AuditEvent.subject_type == _SUBJECT,
        AuditEvent.subject_id == feature.value,
        AuditEvent.at > since,
        AuditEvent.action == _REMOVED,
    )
    return switched_since | {before["service"] or EVERYBODY for before in db.session.scalars(taken_away)}


def _standing() -> Switches:
    """Every switch, as this process knows them; read apart from the caller's transaction, so that all know the same."""
    kept: Switches | None = changes().kept(FEATURE_SWITCHES, "all")
    if kept is not None:
        return kept
    stamp = changes().stamp(FEATURE_SWITCHES)
    with Session(db.engine) as session:
        rows = session.execute(select(FeatureSwitch.feature, FeatureSwitch.client_id, FeatureSwitch.is_on))
        read = {(feature, client_id): on for feature, client_id, on in rows}
    changes().keep(FEATURE_SWITCHES, "all", read, stamp)
    return read


def _held(feature: Feature, client: Client | None) -> FeatureSwitch | None:
    key = (feature.value, client.id if client else EVERYBODY)
    return db.session.get(FeatureSwitch, key, with_for_update=True, populate_existing=True)


def _facts(row: FeatureSwitch | None) -> dict[str, object]:
    return {} if row is None else {"is_on": row.is_on, "service": row.client_id or None}


def _record(
    action: str,
    row: FeatureSwitch,
    change: tuple[dict[str, object], dict[str, object]],
    *,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    audit.record(action, Subject(_SUBJECT, row.feature), actor=actor, now=now, reason=reason, change=change)
