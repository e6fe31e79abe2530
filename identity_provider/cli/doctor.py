"""flask doctor: is everything in order, and if not, how is it mended."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from identity_provider.cli.examinations import EXAMINATIONS, Finding, examine

_COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Check settings, database, migrations, keys, register, mail, Zendesk, evidence, worker, audit and clock.

    Each fault is told with how to mend it. Exit codes: 0 all well (warnings may be told), 1 something is at fault,
    2 the settings cannot be used: then they are all that is told, as with every other command.
    """
    findings = [examine(name) for name in EXAMINATIONS]
    if as_json:
        click.echo(json.dumps([each.as_facts() for each in findings], indent=2))
    else:
        for each in findings:
            _print(each)
    sys.exit(1 if any(each.state == "fault" for each in findings) else 0)


def _print(finding: Finding) -> None:
    mark = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
    click.echo(f"{mark} {finding.name:<12} {finding.what}")
    if finding.mend:
        click.echo(f"{'':<22}{finding.mend}")


COMMANDS = (doctor,)
