"""flask staff: who may enter the support console."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import EmailInUse
from identity_provider.kit.app import ports
from identity_provider.models import StaffUser
from identity_provider.services import staff as staff_service
from identity_provider.services import staff_enrolment
from identity_provider.services.audit import Actor

staff = AppGroup("staff", help="Who may enter the support console.")

FEWEST_BYTES = 16

_OPERATOR = Actor("system", "cli", "Command line")


def _base32(_context: click.Context, _option: click.Parameter, secret: str | None) -> str | None:
    """Refuses what is no key of an authenticator app, and keys below the 128 bits of RFC 4226 (4, R6)."""
    if secret is None:
        return None
    plain = secret.replace(" ", "").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:
        raise click.BadParameter("this is not base32") from None
    if len(key) < FEWEST_BYTES:
        raise click.BadParameter(f"a key has at least {FEWEST_BYTES * 8} bits: 26 characters")
    return plain


@staff.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([each.value for each in StaffRole]))
@click.option("--name", default="", help="How colleagues see this person.")
@click.option(
    "--totp-secret",
    callback=_base32,
    help="A base32 secret that is already in their authenticator app (the sandbox).",
)
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def add(email: str, roles: tuple[str, ...], name: str, totp_secret: str | None, as_json: bool) -> None:  # noqa: ARG001
    """Let EMAIL in. Without --totp-secret they set up their authenticator app at the first sign-in.

    For that they need the enrolment code that is printed, this once: pass it on in person or by telephone.
    """
    now = ports().clock.now()
    try:
        with transaction():
            added = staff_service.add(email, [StaffRole(each) for each in roles], name=name, actor=_OPERATOR, now=now)
            facts = _with_secret(added, totp_secret, now) if totp_secret else _with_enrolment_code(added, now)
    except EmailInUse:
        click.echo(f"{email} is a member of staff already", err=True)
        sys.exit(1)
    click.echo(json.dumps(facts, indent=2))


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def list_all(as_json: bool) -> None:  # noqa: ARG001 -- click passes it by name
    """Print everybody who may enter, or might once."""
    everybody = db.session.scalars(select(StaffUser).order_by(StaffUser.email))
    click.echo(json.dumps([_facts(each) for each in everybody], indent=2))


@staff.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Shut EMAIL out, at once and in every browser."""
    with transaction():
        staff_service.disable(_known(email), actor=_OPERATOR, now=ports().clock.now())
    click.echo(f"{email} is shut out")


@staff.command("reset-totp")
@click.argument("email")
def reset_totp(email: str) -> None:
    """Have EMAIL, who lost their device, enrol a new one at the next sign-in; prints the code that it takes, once."""
    member, now = _known(email), ports().clock.now()
    with transaction():
        staff_service.reset_totp(member, actor=_OPERATOR, now=now)
        facts = _with_enrolment_code(member, now)
    click.echo(json.dumps(facts, indent=2))


def _known(email: str) -> StaffUser:
    found = staff_service.find(email)
    if found is None:
        raise click.ClickException(f"nobody has the address {email}")
    return found


def _with_secret(member: StaffUser, secret: str, now: datetime) -> dict[str, object]:
    """For a secret that is in somebody's app already."""
    staff_service.enrol_totp(member, secret=secret, confirmed_at=now)
    return _facts(member) | {"totp_secret": secret, "totp_uri": staff_service.provisioning_uri(member, secret)}


def _with_enrolment_code(member: StaffUser, now: datetime) -> dict[str, object]:
    code = staff_enrolment.give_code(member, actor=_OPERATOR, now=now)
    until = (now + staff_enrolment.CODE_LIVES).isoformat()
    return _facts(member) | {"enrolment_code": code, "enrolment_code_good_until": until}


def _facts(member: StaffUser) -> dict[str, object]:
    return {
        "email": member.email,
        "name": member.name,
        "roles": member.roles,
        "totp_confirmed": member.totp_confirmed_at is not None,
        "disabled": member.disabled_at is not None,
    }


COMMANDS = (staff,)
