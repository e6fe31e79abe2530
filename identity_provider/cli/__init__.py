"""Commands for operators: thin, each with --help, sensible exit codes, and --json where it prints facts."""

from __future__ import annotations

from click import Command
from flask import Flask

from identity_provider.cli import clients, keys, match, register, staff, worker

COMMANDS: tuple[Command, ...] = (
    *clients.COMMANDS,
    *keys.COMMANDS,
    *match.COMMANDS,
    *register.COMMANDS,
    *staff.COMMANDS,
    worker.worker,
)


def register_commands(app: Flask) -> None:
    """Give the application its commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
