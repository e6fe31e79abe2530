"""flask features: what is switched on, and switching it, where nobody can get at the console."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup

from identity_provider.cli.clients import OPERATOR
from identity_provider.db import transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import FEATURES, Feature
from identity_provider.kit.app import ports
from identity_provider.kit.feature_states import setting_against
from identity_provider.models import Client
from identity_provider.services import clients
from identity_provider.services import features as switches

features = AppGroup("features", help="Switch parts of the service off and on while it runs.")

_FEATURE = click.argument("feature", type=click.Choice([each.value for each in Feature]))
_CLIENT = click.option("--client", "client_id", default=None, help="For this service only.")
_REASON = click.option("--reason", required=True, help="Kept in the audit.")


@features.command("list")
def listed() -> None:
    """Every feature, as JSON: whether it is on, its own switch, and which setting keeps it off all the same."""
    click.echo(json.dumps({each.value: _facts(each) for each in Feature}, indent=2))


@features.command("on")
@_FEATURE
@_CLIENT
@_REASON
def on(feature: str, client_id: str | None, reason: str) -> None:
    """Switch FEATURE on. It counts at once, in every process."""
    _switch(Feature(feature), client_id, reason, on=True)


@features.command("off")
@_FEATURE
@_CLIENT
@_REASON
def off(feature: str, client_id: str | None, reason: str) -> None:
    """Switch FEATURE off. It counts at once, in every process."""
    _switch(Feature(feature), client_id, reason, on=False)


def _switch(feature: Feature, client_id: str | None, reason: str, *, on: bool) -> None:
    client = _client(client_id) if client_id else None
    try:
        with transaction():
            now = ports().clock.now()
            switches.switch(feature, on=on, reason=reason, actor=OPERATOR, now=now, client=client)
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(json.dumps(_facts(feature)))


def _client(client_id: str) -> Client:
    found = clients.find(client_id)
    if found is None:
        raise click.ClickException(f"there is no client {client_id}")
    return found


def _facts(feature: Feature) -> dict[str, Any]:
    """`on` is how it really stands; where that is not what its switch says, `off_by_setting` names the setting."""
    rows = switches.switched(feature)
    switch = next((each.is_on for each in rows if not each.client_id), FEATURES[feature].default)
    setting = setting_against(feature)
    return {
        "on": switch and not setting,
        "switch": "on" if switch else "off",
        "off_by_setting": setting or None,
        "services": {each.client_id: each.is_on for each in rows if each.client_id},
    }


COMMANDS = (features,)
