"""Services: which there are, and how each is set up."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.access import Permission
from identity_provider.kit.written import written_moment
from identity_provider.models import Client
from support_console.auth import require
from support_console.labels import label_of

bp = Blueprint("clients", __name__, url_prefix="/services", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_CLIENTS)
def show_all() -> ResponseReturnValue:
    """Every service, by name."""
    clients = db.session.scalars(select(Client).order_by(Client.name, Client.id)).all()
    return render_template("support/clients/list.html", clients=clients, label_of=label_of)


@bp.get("/<client_id>")
@require(Permission.VIEW_CLIENTS)
def show(client_id: str) -> ResponseReturnValue:
    """One service. Its secrets are kept as hashes: nobody can see them."""
    client = db.session.get(Client, client_id)
    if client is None:
        abort(404)
    return render_template("support/clients/client.html", client=client, sections=_sections(client))


def _sections(client: Client) -> dict[str, list[dict[str, str]]]:
    said = {
        _("People and records"): {
            _("Needs a TRN"): label_of(client.trn_requirement),
            _("How sure it wants to be"): label_of(client.match_policy),
            _("Gives cases to the helpdesk"): _yes(client.raise_tickets),
            _("Refuses people with an open prohibition"): _yes(client.block_prohibited),
        },
        _("Addresses"): {
            _("Where it begins"): _listed([client.service_url]),
            _("Where people are sent back to"): _listed(client.redirect_uris),
            _("Where people go after signing out"): _listed(client.post_logout_redirect_uris),
            _("Where it can be told to begin"): _listed([client.initiate_login_uri]),
            _("Where it is told of sign-outs"): _listed([client.backchannel_logout_uri]),
        },
        _("Protocol"): {
            _("Client ID"): client.id,
            _("Scopes"): _listed(client.scopes),
            _("Grant types"): _listed(client.grant_types),
            _("How it proves who it is"): client.token_endpoint_auth_method,
            _("Must use PKCE"): _yes(client.require_pkce),
            _("Kind of subject"): client.subject_type,
            _("Secrets"): _listed(
                [_("made %(when)s", when=written_moment(each.created_at)) for each in client.secrets]
            ),
        },
    }
    return {title: [{"key": key, "value": str(value)} for key, value in rows.items()] for title, rows in said.items()}


def _yes(answer: bool) -> str:
    return str(_("Yes") if answer else _("No"))


def _listed(values: list[str] | list[str | None]) -> str:
    return ", ".join(each for each in values if each) or str(_("Not set"))
