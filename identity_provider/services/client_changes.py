"""Changing how a relying service is set up, by the same rules as when it was registered."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from identity_provider.models import Client
from identity_provider.services import audit, clients
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import NewClient

# Under this name a service that registered itself keeps what scopes it may have, whichever of them it asked for last.
ALLOWED_SCOPES = "allowed_scopes"
# What a registration names otherwise than its column; everything else has the same name in both.
COLUMNS = {
    "auth_method": "token_endpoint_auth_method",
    "id_token_algorithm": "id_token_signed_response_alg",
    "userinfo_algorithm": "userinfo_signed_response_alg",
    "request_object_algorithm": "request_object_signing_alg",
    "assertion_algorithm": "token_endpoint_auth_signing_alg",
}
# Not kept: read from the service's own document while it is registered or changed.
_NOT_KEPT = frozenset({"sector_document"})


def settings_of(client: Client) -> NewClient:
    """The service as it would be registered anew."""
    kept: dict[str, Any] = {}
    for each in fields(NewClient):
        if _is_kept(each):
            value = getattr(client, COLUMNS.get(each.name, each.name))
            kept[each.name] = tuple(value) if isinstance(value, list) else value
    return NewClient(**kept)


def change(client: Client, wanted: NewClient, *, actor: Actor, now: datetime) -> str | None:
    """Set the service up as wanted; returns its secret when it had none so far and needs one now.

    Its id stays, and so do its secrets as long as it uses any. What changed is written down, before and after;
    nothing is where nothing did. Raises ClientRefused as registering does.
    """
    before = facts(client)
    if all(getattr(client, name) == value for name, value in clients.columns_of(wanted).items()):
        return None
    secret = clients.replace(client, wanted, now=now)
    _allow(client, before["scopes"])
    after = facts(client)
    changed = [name for name, value in after.items() if value != before[name]]
    told = ({name: before[name] for name in changed}, {name: after[name] for name in changed})
    audit.record("client_changed", Subject("client", client.id), actor=actor, now=now, change=told)
    return secret


def enable(client: Client, *, actor: Actor, now: datetime) -> None:
    """Let a service that was switched off be used again; what was granted before stays dead."""
    if client.disabled_at is None:
        return
    client.disabled_at = None
    client.updated_at = now
    audit.record("enable_client", Subject("client", client.id), actor=actor, now=now)


def facts(client: Client) -> dict[str, Any]:
    """How the service is set up, column by column, in values that JSON has."""
    names = [COLUMNS.get(each.name, each.name) for each in fields(NewClient) if _is_kept(each)]
    return {name: _plain(getattr(client, name)) for name in names}


def _allow(client: Client, before: list[str]) -> None:
    """What the operator takes from a service that registered itself, it cannot give itself back (RFC 7592 2.2)."""
    allowed = client.registration.get(ALLOWED_SCOPES)
    if allowed is not None:
        kept = [each for each in allowed if each in client.scopes or each not in before]
        more = [each for each in client.scopes if each not in kept]
        client.registration = client.registration | {ALLOWED_SCOPES: kept + more}


def _is_kept(field: Any) -> bool:
    return field.name not in _NOT_KEPT


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, (list, tuple)) else value
