"""flask retention: what has lived its time is deleted now, not at the worker's next round."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from identity_provider.kit.app import ports
from identity_provider.ports import StoreUnavailable
from identity_provider.services import evidence
from identity_provider.services import retention as retaining

retention = AppGroup("retention", help="Nothing is kept longer than it is needed.")


@retention.command("run")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def run(as_json: bool) -> None:
    """Delete everything whose time is over, as the worker does every five minutes; print how much of each went."""
    removed = retaining.remove_everything_expired(ports().clock.now())
    removed["evidence_files"] = _remove_evidence()
    if as_json:
        click.echo(json.dumps(removed, indent=2))
        return
    for table, rows in removed.items():
        click.echo(f"{table.replace('_', ' '):<28}{rows:>10,}")


def _remove_evidence() -> int:
    now = ports().clock.now()
    due = evidence.due(now)
    try:
        for evidence_id in due:
            evidence.remove(evidence_id, ports().evidence_store, now=now)
    except StoreUnavailable as silence:
        raise click.ClickException(f"{silence}: evidence stays until it does. See flask --app wsgi doctor") from silence
    return len(due)


COMMANDS = (retention,)
