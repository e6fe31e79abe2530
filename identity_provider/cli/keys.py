"""flask keys: the keys that sign tokens."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup

from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import KeyState, SigningKey
from identity_provider.services import signing_keys
from identity_provider.services.audit import Actor

keys = AppGroup("keys", help="The keys that sign tokens: pending, active, retired, removed.")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def show_all(as_json: bool) -> None:  # noqa: ARG001 -- click passes it by name
    """Print every key with its state, oldest first."""
    _print([_facts(key) for key in db.session.scalars(db.select(SigningKey).order_by(SigningKey.created_at))])


@keys.command("rotate")
@click.option(
    "--algorithm",
    type=click.Choice(signing_keys.ALGORITHMS),
    help="Only this one; otherwise every algorithm that is in use.",
)
def rotate(algorithm: str | None) -> None:
    """Let the published successor sign from now on. Running workers notice within seconds."""
    now = ports().clock.now()
    with transaction():
        chosen = [algorithm] if algorithm else _in_use() or [signing_keys.DEFAULT_ALGORITHM]
        done = [signing_keys.rotate(each, actor=Actor("system", "cli", "Command line"), now=now) for each in chosen]
    for each in done:
        if each.retired and now - each.active.created_at < signing_keys.RETIRED_FOR:
            click.echo(
                f"warning: {each.active.kid} was published for less than a day; a service that keeps our keys for"
                " longer will refuse its signatures until it fetches them anew",
                err=True,
            )
    _print(
        [
            {
                "algorithm": each.algorithm,
                "active": each.active.kid,
                "retired": each.retired.kid if each.retired else None,
                "pending": each.pending.kid,
            }
            for each in done
        ]
    )


def _in_use() -> list[str]:
    active = db.select(SigningKey.algorithm).where(SigningKey.state == KeyState.ACTIVE)
    return list(db.session.scalars(active.order_by(SigningKey.algorithm)))


def _facts(key: SigningKey) -> dict[str, Any]:
    times = ("created_at", "activated_at", "retired_at", "removed_at")
    return {"kid": key.kid, "algorithm": key.algorithm, "state": key.state.value} | {
        name: getattr(key, name).isoformat() if getattr(key, name) else None for name in times
    }


def _print(facts: object) -> None:
    click.echo(json.dumps(facts, indent=2))


COMMANDS = (keys,)
