"""`flask sandbox seed`: fills a fresh sandbox with services, staff and a returning teacher."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole, TrnRequirement
from identity_provider.domain.awards import Qualification
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.kit.app import ports
from identity_provider.models import SUBSCRIBABLE, Award, User, WebhookEndpoint
from identity_provider.sandbox.seed import PEOPLE, RETURNING
from identity_provider.services import clients, service_uses, staff, trn_links, webhooks
from identity_provider.services.audit import SYSTEM

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Make the services, staff and the returning teacher that standard input describes, where they are missing.

    Standard input is JSON: `clients` and `staff` as they stand in .data/sandbox.json.
    """
    wanted: dict[str, list[dict[str, Any]]] = json.load(sys.stdin)
    now = ports().clock.now()
    with transaction():
        for client in wanted["clients"]:
            _service(client, now)
            _webhook(client, now)
        for member in wanted["staff"]:
            _staff(member, now)
        _returning_teacher(wanted["clients"][0]["client_id"], now)
        _award(wanted["clients"][0]["client_id"], now)


def _service(wanted: dict[str, Any], now: datetime) -> None:
    """Register it, or move it to the addresses of this run: they change with the port."""
    known = clients.find(wanted["client_id"])
    if known is not None:
        known.redirect_uris = list(wanted["redirect_uris"])
        known.post_logout_redirect_uris = list(wanted["post_logout_redirect_uris"])
        known.initiate_login_uri = wanted["initiate_login_uri"]
        known.service_url = wanted["start_url"]
        known.scopes, known.grant_types = list(wanted["scopes"]), list(GRANT_TYPES)
        return
    new = clients.NewClient(
        id=wanted["client_id"],
        name=wanted["name"],
        service_url=wanted["start_url"],
        redirect_uris=tuple(wanted["redirect_uris"]),
        post_logout_redirect_uris=tuple(wanted["post_logout_redirect_uris"]),
        initiate_login_uri=wanted["initiate_login_uri"],
        scopes=tuple(wanted["scopes"]),
        grant_types=GRANT_TYPES,
        trn_requirement=TrnRequirement(wanted["trn_requirement"]),
    )
    clients.register(new, secret=wanted["client_secret"], actor=SYSTEM, now=now)


def _webhook(wanted: dict[str, Any], now: datetime) -> None:
    """Have the service told of changes, at its address of this run."""
    client = clients.find(wanted["client_id"])
    if client is None:
        raise LookupError(wanted["client_id"])
    known = db.session.scalar(select(WebhookEndpoint).where(WebhookEndpoint.client_id == client.id))
    if known is not None:
        known.url = wanted["webhook_url"]
        return
    url, secret = wanted["webhook_url"], wanted["webhook_secret"]
    webhooks.add(client, url, SUBSCRIBABLE, actor=SYSTEM, now=now, secret=secret)


def _staff(wanted: dict[str, str], now: datetime) -> None:
    if staff.find(wanted["email"]) is not None:
        return
    role = StaffRole(wanted["role"])
    member = staff.add(wanted["email"], [role], name=f"Sandbox {role}", actor=SYSTEM, now=now)
    staff.enrol_totp(member, secret=wanted["totp_secret"], confirmed_at=now)


def _returning_teacher(client_id: str, now: datetime) -> None:
    if db.session.scalar(select(User).where(User.email == RETURNING)) is not None:
        return
    [person] = [each for each in PEOPLE if each.email == RETURNING]
    user = User(
        email=RETURNING,
        email_verified_at=now,
        first_name=person.first_name,
        last_name=person.last_name,
        date_of_birth=person.date_of_birth,
        stated_trn=person.trn,
        stated_has_trn=True,
        registered_with_client_id=client_id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(user)
    db.session.flush()
    service_uses.note(user.id, client_id, now=now)
    evidence = trn_links.Evidence(LookupReason.MATCHED, VerificationLevel.LOW, "sample data")
    trn_links.link(user, person.trn, evidence, actor=SYSTEM, now=now)


def _award(client_id: str, now: datetime) -> None:
    """The returning teacher holds an NPQ. Nobody is written to: it is sample data, and no news to anybody."""
    if db.session.scalar(select(Award).where(Award.client_id == client_id)) is not None:
        return
    holder = db.session.scalars(select(User).where(User.email == RETURNING)).one()
    award = Award(
        user_id=holder.id,
        recorded_for_id=holder.id,
        client_id=client_id,
        provider_reference="sample-1",
        qualification=Qualification.NPQSL,
        provider_name="Sample NPQ provider",
        awarded_on=date(2025, 7, 10),
        recorded_at=now,
        updated_at=now,
    )
    db.session.add(award)


commands = click.Group("sandbox", commands=[seed], help="Fill a sandbox: never on a machine with real people.")
