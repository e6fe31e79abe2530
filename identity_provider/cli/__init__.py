"""Commands for operators: thin, each with --help, sensible exit codes, and --json where it prints facts."""

from __future__ import annotations

from click import Command
from flask import Flask

from identity_provider.cli import (
    audit,
    backup,
    doctor,
    features,
    keys,
    leaked_trns,
    match,
    register,
    registration,
    retention,
    staff,
    users,
    webhooks,
    worker,
)

COMMANDS: tuple[Command, ...] = (
    *audit.COMMANDS,
    *backup.COMMANDS,
    *doctor.COMMANDS,
    *features.COMMANDS,
    *keys.COMMANDS,
    *leaked_trns.COMMANDS,
    *match.COMMANDS,
    *register.COMMANDS,
    *registration.COMMANDS,
    *retention.COMMANDS,
    *staff.COMMANDS,
    *users.COMMANDS,
    *webhooks.COMMANDS,
    worker.worker,
)


def register_commands(app: Flask) -> None:
    """Give the application its commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
