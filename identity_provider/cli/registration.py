"""flask clients registration-token: let somebody register services by software."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import click

from identity_provider.cli.clients import OPERATOR, clients
from identity_provider.db import transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.kit.feature_states import is_in_effect
from identity_provider.services import registration_tokens
from identity_provider.services.registration_tokens import USUAL_SCOPES, Allowance


@clients.command("registration-token")
@click.option("--label", required=True, help="Whom it is for; stands in the audit.")
@click.option("--max-uses", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="How long it is good.")
@click.option("--scope", "scopes", multiple=True, help=f"Default: {' '.join(USUAL_SCOPES)}")
@click.option("--require-pkce/--no-require-pkce", default=True, show_default=True)
def registration_token(label: str, max_uses: int, days: int, scopes: tuple[str, ...], *, require_pkce: bool) -> None:
    """Print an initial access token (RFC 7591), which is shown this once."""
    named = tuple(scope for each in scopes for scope in each.split())
    allowed = Allowance(
        label=label,
        max_uses=max_uses,
        lives=timedelta(days=days),
        scopes=named or USUAL_SCOPES,
        require_pkce=require_pkce,
    )
    try:
        with transaction():
            row, token = registration_tokens.make(allowed, actor=OPERATOR, now=ports().clock.now())
            said: dict[str, object] = {"id": str(row.id), "initial_access_token": token, "max_uses": row.max_uses}
            said["expires_at"] = row.expires_at.isoformat()
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal
    said |= {"scopes": row.scopes, "registration_is_on": is_in_effect(Feature.CLIENT_REGISTRATION)}
    click.echo(json.dumps(said, indent=2))


@clients.command("revoke-registration-token")
@click.argument("token_id", metavar="ID", type=click.UUID)
def revoke_registration_token(token_id: UUID) -> None:
    """Let nobody register with this token any more; services that did stay registered."""
    try:
        with transaction():
            registration_tokens.revoke(token_id, actor=OPERATOR, now=ports().clock.now())
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(json.dumps({"id": str(token_id), "revoked": True}))


COMMANDS = (clients,)
"""It hangs on `clients`; importing this module is what puts it there."""
