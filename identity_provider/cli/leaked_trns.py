"""flask leaked-trns: the list of TRNs that became public, for lists that are too long for the console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from identity_provider.cli.clients import OPERATOR
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import LeakedTrn
from identity_provider.services import leaked_trns
from identity_provider.services.leaked_trns import Told

leaked = AppGroup("leaked-trns", help="TRNs that became public: stating one proves nothing.")

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_REASON = click.option("--reason", required=True, help="Kept in the audit.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@leaked.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, with source, reason and date.")
def listed(*, as_json: bool) -> None:
    """Every number of the list, in order."""
    rows = db.session.scalars(select(LeakedTrn).order_by(LeakedTrn.trn))
    if not as_json:
        for row in rows:
            click.echo(row.trn)
        return
    facts = [
        {"trn": row.trn, "source": row.source, "reason": row.reason, "added_at": row.added_at.isoformat()}
        for row in rows
    ]
    click.echo(json.dumps(facts, indent=2))


@leaked.command("add")
@_FILE
@click.option("--source", required=True, help="Where they became public, or who told us.")
@_REASON
@_DRY_RUN
def add(file: Path, source: str, reason: str, *, dry_run: bool) -> None:
    """Add the TRNs of FILE: one to a line, or the first column of a CSV file.

    Exit codes: 0 done; 1 the file has a line without a TRN, and nothing was changed.
    """
    told = _read(file)
    effect = asdict(leaked_trns.effect_of(told.trns))
    if not dry_run:
        now = ports().clock.now()
        with _refusals(), transaction():
            effect["added"] = leaked_trns.add(told.trns, source=source, reason=reason, actor=OPERATOR, now=now)
    click.echo(json.dumps(effect, indent=2))


@leaked.command("remove")
@_FILE
@_REASON
@_DRY_RUN
def remove(file: Path, reason: str, *, dry_run: bool) -> None:
    """Remove the TRNs of FILE. Whoever stated one and is not linked is searched for again.

    Exit codes: 0 done; 1 the file has a line without a TRN, and nothing was changed.
    """
    told = _read(file)
    effect = asdict(leaked_trns.effect_of(told.trns))
    if not dry_run:
        with _refusals(), transaction():
            effect["removed"] = leaked_trns.remove(told.trns, reason=reason, actor=OPERATOR, now=ports().clock.now())
    click.echo(json.dumps(effect, indent=2))


def _read(file: Path) -> Told:
    told = leaked_trns.read(file.read_text(encoding="utf-8-sig", errors="replace"))
    if told.unreadable:
        lines = "\n".join(f"  line {line}: {why}" for line, why in told.unreadable[:20])
        raise click.ClickException(f"{len(told.unreadable)} lines hold no TRN:\n{lines}")
    if not told.trns:
        raise click.ClickException("the file holds no TRN")
    return told


@contextmanager
def _refusals() -> Iterator[None]:
    """Says what was refused instead of a traceback."""
    try:
        yield
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal


COMMANDS = (leaked,)
