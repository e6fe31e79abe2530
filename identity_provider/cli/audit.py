"""flask audit: whether the audit is whole, and a copy of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent
from identity_provider.services import audit as auditing
from identity_provider.services import audit_chain
from identity_provider.services.audit import Actor, Subject

audit = AppGroup("audit", help="Who did what to whose data: checked and copied, never changed.")

_OPERATOR = Actor("system", "cli", "Command line")
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@audit.command("verify")
@click.option("--head", default="", help="The head that a log line named once; the chain must still hold that seal.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def verify(head: str, as_json: bool) -> None:
    """Walk the chain of seals over the audit, computing each anew. Exit code 1 when it does not hold."""
    verdict = audit_chain.verify()
    lost = bool(head) and not audit_chain.holds_seal(head)
    if as_json:
        facts = asdict(verdict) | {"holds": verdict.holds and not lost, "head_lost": lost}
        click.echo(json.dumps(facts, indent=2, default=str))
    else:
        for each in verdict.broken:
            click.echo(f"seal {each.seal} ({each.since:%Y-%m-%d %H:%M} to {each.until:%Y-%m-%d %H:%M}): {each.reason}")
        if lost:
            click.echo("the seal that you named is not in the chain: the end of the chain was cut off")
        click.echo(f"{verdict.events:,} events under {verdict.seals:,} seals, {verdict.unsealed:,} not sealed yet")
        click.echo(f"head {verdict.head or '(none yet)'}")
    sys.exit(0 if verdict.holds and not lost else 1)


@audit.command("export")
@click.option("--since", type=_DAY, help="From this moment on (UTC).")
@click.option("--until", type=_DAY, help="Up to, and not with, this moment (UTC).")
def export(since: datetime | None, until: datetime | None) -> None:
    """Print the events of a stretch of time as one JSON object a line, oldest first."""
    with transaction():
        asked = {"since": str(since or ""), "until": str(until or "")}
        subject = Subject("audit", "export")
        auditing.record("audit_exported", subject, actor=_OPERATOR, now=ports().clock.now(), change=({}, asked))
    for event in _events(since, until):
        click.echo(json.dumps(auditing.as_facts(event), ensure_ascii=False))


def _events(since: datetime | None, until: datetime | None) -> Iterator[AuditEvent]:
    in_order = (AuditEvent.at, AuditEvent.recorded_at, AuditEvent.id)
    wanted = select(AuditEvent).order_by(*in_order).execution_options(yield_per=1_000)
    if since is not None:
        wanted = wanted.where(AuditEvent.at >= since.replace(tzinfo=UTC))
    if until is not None:
        wanted = wanted.where(AuditEvent.at < until.replace(tzinfo=UTC))
    yield from db.session.scalars(wanted)


COMMANDS = (audit,)
