"""flask users: what is held about a person, given to them or erased."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy import select

from identity_provider.cli.files import OUT
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import accounts, audit, erasure, identities, subject_access
from identity_provider.services.audit import Actor, Subject

users = AppGroup("users", help="What is held about a person: shown, exported, erased.")

_OPERATOR = Actor("system", "cli", "Command line")


@users.command("show")
@click.argument("who")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(who: str, as_json: bool) -> None:
    """Print where WHO stands: an email address, a user ID, or a TRN. Exit code 1 when there is no such person."""
    with transaction():
        user = _known(who)
        facts = _facts(user)
        audit.record("user_viewed", Subject("user", user.id), actor=_OPERATOR, now=ports().clock.now())
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<26}{value if value not in (None, '', []) else '-'}")


@users.command("export")
@click.argument("who")
@click.option("--out", type=OUT, help="A file to make; it may not exist yet.")
def export(who: str, out: Path | None) -> None:
    """Write everything that is held about WHO as JSON, to answer a subject access request.

    The file is readable by you alone. It holds personal data: send it by a safe way, and delete it.
    """
    if out is not None and out.exists():
        raise click.ClickException(f"{out} exists already")
    now = ports().clock.now()
    with transaction():
        user = _known(who)
        held = subject_access.everything_about(user, now=now)
        audit.record("user_exported", Subject("user", user.id), actor=_OPERATOR, now=now)
    text = json.dumps(held, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise click.ClickException(f"{out} exists already") from None
    out.write_text(text, encoding="utf-8")
    click.echo(f"written to {out}", err=True)


@users.command("erase")
@click.argument("who")
@click.option("--reason", required=True, help="Why: it is kept in the audit. Name nobody in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def erase(who: str, reason: str, yes: bool, as_json: bool) -> None:
    """Forget WHO for good. Their services and they themselves are told; it cannot be undone.

    Exit codes: 0 erased, 1 nobody was erased.
    """
    user = _known(who)
    if not yes:
        click.confirm(f"Erase user {user.id} and all that is held about them?", abort=True)
    try:
        with transaction():
            erased = erasure.erase(user, actor=_OPERATOR, reason=reason, now=ports().clock.now())
    except IllegalMove as refused:
        click.echo(f"Nobody was erased: {refused}", err=True)
        sys.exit(1)
    ids, tickets = [str(each) for each in erased.user_ids], list(erased.zendesk_tickets)
    if as_json:
        click.echo(json.dumps({"erased": ids, "zendesk_tickets": tickets}, indent=2))
        return
    click.echo(f"erased: {', '.join(ids)}")
    if tickets:
        click.echo(f"still to be deleted in Zendesk: {', '.join(str(each) for each in tickets)}")


def _known(who: str) -> User:
    # Bytes that are no text in the terminal's encoding are nobody's name for anything, and no database takes them.
    user = (accounts.by_address(who.strip().lower()) or _by_id(who) or _by_trn(who)) if who.isprintable() else None
    if user is None:
        raise click.ClickException("there is no such person")
    return user


def _by_id(text: str) -> User | None:
    try:
        return db.session.get(User, UUID(text))
    except ValueError:
        return None


def _by_trn(text: str) -> User | None:
    return db.session.scalar(select(User).where(User.trn == text))


def _facts(user: User) -> dict[str, object]:
    """Where they stand. What they stated is in the export only."""
    moments = {name: getattr(user, name) for name in ("created_at", "last_signed_in_at", "locked_at", "erased_at")}
    return {
        "id": str(user.id),
        "email": user.email,
        "name": user.name.full,
        "trn": user.trn,
        "trn_lookup_status": user.lookup_status.value,
        "trn_lookup_reason": user.lookup_reason.value,
        "trn_verification_level": user.verification_level.value if user.verification_level else None,
        "registered_with": user.registered_with_client_id,
        "merged_into": str(user.merged_into_id) if user.merged_into_id else None,
        "merged_ids": [str(each.id) for each in identities.all_of(user) if each.id != user.id and each.merged_into_id],
    } | {name: moment.isoformat() if moment else None for name, moment in moments.items()}


COMMANDS = (users,)
