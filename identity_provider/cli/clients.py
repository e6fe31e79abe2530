"""flask clients: register relying services, show them, change their secrets, switch them off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.ports import ServiceRefused, ServiceUnavailable
from identity_provider.services import client_changes, signing_keys, subjects
from identity_provider.services import clients as registry
from identity_provider.services.audit import Actor

OPERATOR = Actor("system", "cli", "Command line")

clients = AppGroup("clients", help="Register and look after relying services.")


@clients.command("add")
@click.argument("client_id", metavar="ID")
@click.option("--name", required=True, help="What people see on the screens.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Compared as a string; may be repeated.")
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True)
@click.option("--scope", "scopes", multiple=True, help=f"Default: {' '.join(registry.DEFAULT_SCOPES)}")
@click.option("--grant", "grant_types", multiple=True, type=click.Choice(registry.GRANT_TYPES))
@click.option("--secret", help="Use this secret instead of a new one.")
@click.option(
    "--auth-method", type=click.Choice(registry.AUTH_METHODS), default="client_secret_basic", show_default=True
)
@click.option(
    "--jwks",
    "jwks_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its public keys, for private_key_jwt and signed request objects.",
)
@click.option("--jwks-uri", help="Where the service publishes its public keys, instead of --jwks.")
@click.option("--id-token-alg", "id_token_algorithm", type=click.Choice(signing_keys.ALGORITHMS), default="RS256")
@click.option("--userinfo-signed-response-alg", "userinfo_algorithm", type=click.Choice(signing_keys.ALGORITHMS))
@click.option("--request-object-signing-alg", "request_object_algorithm", type=click.Choice(signing_keys.ALGORITHMS))
@click.option("--token-endpoint-auth-signing-alg", "assertion_algorithm", type=click.Choice(signing_keys.ALGORITHMS))
@click.option(
    "--access-token-format", type=click.Choice(registry.ACCESS_TOKEN_FORMATS), default="opaque", show_default=True
)
@click.option("--subject-type", type=click.Choice(subjects.SUBJECT_TYPES), default="public", show_default=True)
@click.option("--sector-identifier-uri", help="Joins redirect URIs of several hosts; read while this command runs.")
@click.option("--service-url", help="Where the service starts.")
@click.option("--initiate-login-uri", help="Where we may send a person who should sign in anew.")
@click.option("--backchannel-logout-uri")
@click.option("--trn-requirement", type=click.Choice([each.value for each in TrnRequirement]), default="Optional")
@click.option("--match-policy", type=click.Choice([each.value for each in MatchPolicy]), default="Default")
@click.option("--require-pkce/--no-require-pkce", default=True, show_default=True)
@click.option("--require-nonce/--no-require-nonce", default=False, show_default=True)
@click.option("--raise-tickets/--no-raise-tickets", default=True, show_default=True)
@click.option("--may-introspect/--may-not-introspect", default=False, show_default=True)
@click.option("--block-prohibited/--no-block-prohibited", default=False, show_default=True)
@click.option("--first-party/--third-party", default=True, show_default=True, help="Whether people are never asked.")
@click.option("--bare-post-logout-redirect/--no-bare-post-logout-redirect", default=False, show_default=True)
def add(client_id: str, secret: str | None, jwks_file: Path | None, **chosen: Any) -> None:
    """Register a service and print it with its secret, which is shown this once."""
    words: dict[str, Any] = {
        "scopes": tuple(scope for each in chosen.pop("scopes") for scope in each.split()),
        "trn_requirement": TrnRequirement(chosen.pop("trn_requirement")),
        "match_policy": MatchPolicy(chosen.pop("match_policy")),
    }
    now = ports().clock.now()
    try:
        words["jwks"] = json.loads(jwks_file.read_text()) if jwks_file else None
        words["sector_document"] = _sector_document(chosen["sector_identifier_uri"])
        with transaction():
            client, made = registry.register(
                registry.NewClient(id=client_id, **words, **chosen), secret=secret, actor=OPERATOR, now=now
            )
            signing_keys.ensure(client.id_token_signed_response_alg, now=now)
            if client.userinfo_signed_response_alg is not None:
                signing_keys.ensure(client.userinfo_signed_response_alg, now=now)
            _print({"client_id": client.id, "client_secret": made} | _facts(client))
    except (registry.ClientRefused, ValueError) as refusal:
        raise click.ClickException(str(refusal)) from refusal


def _sector_document(uri: str | None) -> tuple[str, ...]:
    """What stands at a sector identifier URI; nothing where there is none."""
    try:
        return subjects.read_sector_document(uri, ports().services) if uri else ()
    except (ServiceRefused, ServiceUnavailable) as refusal:
        raise click.ClickException(f"sector-identifier-uri: {refusal}") from refusal


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
        "secrets": len(client.secrets),
        "created_at": client.created_at.isoformat(),
    }


def _print(facts: object) -> None:
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


COMMANDS = (clients,)
