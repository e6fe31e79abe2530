"""flask audit: whether the audit is whole, and a copy of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC
from typing import Any

import click
from flask.cli import AppGroup

from identity_provider.db import transaction
from identity_provider.domain.sheets import harmless
from identity_provider.kit.app import ports
from identity_provider.services import audit as auditing
from identity_provider.services import audit_chain, audit_search
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.audit_search import Search

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
@click.option("--action", default="", help="What happened, as in the console.")
@click.option("--actor", default="", help="The ID of who did it.")
@click.option("--subject", default="", help="The ID of whom or what it concerns.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet in place of JSON lines.")
def export(*, as_csv: bool, **asked: Any) -> None:
    """Print events as one JSON object a line, or as CSV; oldest first."""
    for edge in ("since", "until"):
        asked[edge] = asked[edge].replace(tzinfo=UTC) if asked[edge] is not None else None
    search = Search(**asked)
    with transaction():
        subject, now = Subject("audit", "export"), ports().clock.now()
        auditing.record("audit_exported", subject, actor=_OPERATOR, now=now, change=({}, search.as_facts()))
    facts = (auditing.as_facts(event) for event in audit_search.every(search))
    for line in _as_csv(facts) if as_csv else _as_json(facts):
        click.echo(line, nl=False)


def _as_json(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    for facts in events:
        yield json.dumps(facts, ensure_ascii=False) + "\n"


def _as_csv(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The names of the columns come first; no text is left that a spreadsheet would run."""
    line = io.StringIO()
    writer = csv.writer(line)
    for number, facts in enumerate(events):
        if number == 0:
            writer.writerow(facts)
        texts = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in facts.values())
        writer.writerow([harmless(each) for each in texts])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


COMMANDS = (audit,)
