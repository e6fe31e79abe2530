"""flask register: fill the local replica of the teacher register, and see what is in it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import psycopg
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from identity_provider.cli.progress import Progress
from identity_provider.kit.app import ports, settings
from identity_provider.services.audit import Actor
from identity_provider.services.register_facts import KEYED_OTHERWISE, register_facts, rejected_lines
from identity_provider.services.register_followup import switch_over
from identity_provider.services.register_import import (
    ImportOptions,
    ImportRefused,
    ImportResult,
    ImportRunning,
    Switch,
    import_register,
)
from identity_provider.services.register_loading import LoadingFailed

register = AppGroup("register", help="The local replica of the teacher register.")

_OPERATOR = Actor("system", "cli", "Command line")


@register.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(0, 64), help="Loading processes.")
@click.option("--force", is_flag=True, help="Switch over even to a file that lost many records.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_file(file: Path, workers: int, force: bool, as_json: bool) -> None:
    """Make FILE (.csv or .csv.gz) the register that lookups search. FILE is the whole register, not its changes.

    Lookups go on meanwhile with the register that there was. An import that was killed goes on where it stood when
    it is started again with the same file. A file that lost more than a tenth of the records, or of which more than
    one line in a hundred is no record, is refused.

    Exit codes: 0 imported, 1 refused, 2 not done (try again).
    """
    clock = ports().clock
    waiting = 0

    def commit(switch: Switch, result: ImportResult) -> None:
        nonlocal waiting
        waiting = switch_over(switch, result, file_name=file.name, actor=_OPERATOR, now=clock.now())

    options = ImportOptions(workers=workers, force=force)
    try:
        result = import_register(settings().database_url, file, options, clock.now, Progress(), commit)
    except ImportRefused as refused:
        click.echo(f"Not imported: {file}: {refused}. The register is as it was.", err=True)
        sys.exit(1)
    except (ImportRunning, LoadingFailed, psycopg.Error, SQLAlchemyError) as error:
        click.echo(f"Not done: {error}. Start the same import again to go on.", err=True)
        sys.exit(2)
    _report(result, asdict(result) | {"file": file.name, "looked_up_again": waiting}, as_json=as_json)


@register.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def stats(as_json: bool) -> None:
    """Print what the register holds and the last imports. Exit code 1 when there is no register to search."""
    facts = register_facts(settings().database_url)
    if as_json:
        click.echo(json.dumps(facts, indent=2, default=str))
    else:
        _print_facts(facts)
    sys.exit(0 if facts["generation"] is not None else 1)


def _report(result: ImportResult, facts: dict[str, Any], *, as_json: bool) -> None:
    rejects = _rejects(result)
    if as_json:
        click.echo(json.dumps(facts | {"rejects": [{"line": line, "reason": why} for line, why in rejects]}, indent=2))
        return
    for line, why in rejects:
        click.echo(f"line {line}: {why}", err=True)
    if result.rejected > len(rejects):
        click.echo(f"… and {result.rejected - len(rejects):,} more, in the table register_rejects", err=True)
    click.echo(
        f"{result.records:,} records are searched now (generation {result.generation}); "
        f"{result.rejected:,} lines rejected; {facts['looked_up_again']:,} people are looked up again"
    )


def _rejects(result: ImportResult) -> list[tuple[int, str]]:
    """The first rejected lines; none where the database fails now: the import is done all the same."""
    try:
        return rejected_lines(settings().database_url, result.generation) if result.rejected else []
    except psycopg.Error:
        return []


def _print_facts(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if name not in {"imports", "import_again"}:
            click.echo(f"{name.replace('_', ' '):<26}{f'{value:,}' if isinstance(value, int) else value}")
    if facts["import_again"]:
        click.echo(f"Its keys are not those of this version: {KEYED_OTHERWISE}. Import the register again.")
    click.echo("imports, newest first:")
    for each in facts["imports"]:
        ended = each["finished_at"] or "unfinished"
        click.echo(f"  {each['generation']} {each['file']} {each['state']} {ended} rejected {each['rejected']:,}")


COMMANDS = (register,)
