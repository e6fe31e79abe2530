"""flask clients: register relying services, show them, change their secrets, switch them off."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click
from flask.cli import AppGroup

from identity_provider.cli.client_options import given, options
from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.services import client_changes, signing_keys
from identity_provider.services import clients as registry
from identity_provider.services.audit import Actor

OPERATOR = Actor("system", "cli", "Command line")

clients = AppGroup("clients", help="Register and look after relying services.")


@clients.command("add")
@click.argument("client_id", metavar="ID")
@options(changing=False)
@click.option("--secret", help="Use this secret instead of a new one.")
def add(client_id: str, secret: str | None, **chosen: Any) -> None:
    """Register a service and print it with its secret, which is shown this once."""
    now = ports().clock.now()
    try:
        wanted = registry.NewClient(id=client_id, **given(chosen))
        with transaction():
            client, made = registry.register(wanted, secret=secret, actor=OPERATOR, now=now)
            _ensure_keys(client)
            _print({"client_id": client.id, "client_secret": made} | _facts(client))
    except (registry.ClientRefused, ValueError) as refusal:
        raise click.ClickException(str(refusal)) from refusal


@clients.command("change")
@click.argument("client_id", metavar="ID")
@options(changing=True)
def change(client_id: str, **chosen: Any) -> None:
    """Set a service up anew, and print it: what is not named stays as it is.

    An option that may be repeated replaces all that was there; an empty text takes away what was there. A service
    that needs a secret and has none yet gets one, which is shown this once.
    """
    sector_uri = _find(client_id).sector_identifier_uri
    db.session.rollback()  # nothing is held while its document is read
    try:
        words = given(chosen, sector_uri)
        with transaction():
            client = _find(client_id)
            wanted = replace(client_changes.settings_of(client), **words)
            made = client_changes.change(client, wanted, actor=OPERATOR, now=ports().clock.now())
            _ensure_keys(client)
            _print(({"client_secret": made} if made else {}) | _facts(client))
    except (registry.ClientRefused, ValueError) as refusal:
        raise click.ClickException(str(refusal)) from refusal


def _ensure_keys(client: Client) -> None:
    """Whatever algorithms a service asks for, there is a key for each."""
    for algorithm in {client.id_token_signed_response_alg, client.userinfo_signed_response_alg} - {None}:
        signing_keys.ensure(str(algorithm), now=ports().clock.now())


@clients.command("list")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def show_all(as_json: bool) -> None:  # noqa: ARG001 -- click passes it by name
    """Print every service."""
    _print([_facts(client) for client in db.session.scalars(db.select(Client).order_by(Client.id))])


@clients.command("show")
@click.argument("client_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def show(client_id: str, as_json: bool) -> None:  # noqa: ARG001 -- click passes it by name
    """Print one service."""
    _print(_facts(_find(client_id)))


@clients.command("rotate-secret")
@click.argument("client_id", metavar="ID")
def rotate_secret(client_id: str) -> None:
    """Print a new secret; the one before it stays good for 30 days."""
    try:
        with transaction():
            secret = registry.rotate_secret(_find(client_id), actor=OPERATOR, now=ports().clock.now())
    except registry.ClientRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    _print({"client_id": client_id, "client_secret": secret})


@clients.command("disable")
@click.argument("client_id", metavar="ID")
def disable(client_id: str) -> None:
    """Switch a service off: its secrets and tokens are dead at once."""
    with transaction():
        client = _find(client_id)
        registry.disable(client, actor=OPERATOR, now=ports().clock.now())
    _print(_facts(client))


@clients.command("enable")
@click.argument("client_id", metavar="ID")
def enable(client_id: str) -> None:
    """Switch a service on again; what was granted before stays dead."""
    with transaction():
        client = _find(client_id)
        client_changes.enable(client, actor=OPERATOR, now=ports().clock.now())
    _print(_facts(client))


def _find(client_id: str) -> Client:
    client = registry.find(client_id)
    if client is None:
        raise click.ClickException(f"there is no client {client_id}")
    return client


def _facts(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "name": client.name,
        "enabled": client.is_enabled,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "initiate_login_uri": client.initiate_login_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "service_url": client.service_url,
        "scopes": client.scopes,
        "grant_types": client.grant_types,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "require_pkce": client.require_pkce,
        "require_nonce": client.require_nonce,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "userinfo_signed_response_alg": client.userinfo_signed_response_alg,
        "request_object_signing_alg": client.request_object_signing_alg,
        "token_endpoint_auth_signing_alg": client.token_endpoint_auth_signing_alg,
        "access_token_format": client.access_token_format,
        "subject_type": client.subject_type,
        "sector_identifier_uri": client.sector_identifier_uri,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "trn_requirement": client.trn_requirement.value,
        "match_policy": client.match_policy.value,
        "raise_tickets": client.raise_tickets,
        "may_introspect": client.may_introspect,
        "block_prohibited": client.block_prohibited,
        "first_party": client.first_party,
        "bare_post_logout_redirect": client.bare_post_logout_redirect,
        "secrets": len(client.secrets),
        "created_at": client.created_at.isoformat(),
    }


def _print(facts: object) -> None:
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


COMMANDS = (clients,)
