"""The rows of a service's page."""

from __future__ import annotations

import json

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.kit.written import written_moment
from identity_provider.models import Client, ClientSecret
from support_console.labels import label_of


def listed(client: Client) -> list[str]:
    """One service in the list of them."""
    address = url_for("support.clients.show", client_id=client.id)
    link = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, client.name)
    wants = [label_of(client.trn_requirement), label_of(client.match_policy), _yes(client.raise_tickets)]
    return [link, client.id, *wants, str(_("Switched off") if client.disabled_at else _("In use"))]


def sections_of(client: Client) -> dict[str, list[dict[str, str]]]:
    """How the service is set up, part by part."""
    said = {
        _("People and records"): {
            _("Needs a TRN"): label_of(client.trn_requirement),
            _("How sure it wants to be"): label_of(client.match_policy),
            _("Gives cases to the helpdesk"): _yes(client.raise_tickets),
            _("Refuses people with an open prohibition"): _yes(client.block_prohibited),
            _("One of our own"): _yes(client.first_party),
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
            _("Must send a nonce"): _yes(client.require_nonce),
            _("Kind of subject"): client.subject_type,
            _("Document of its sector"): _listed([client.sector_identifier_uri]),
            _("Public keys"): _listed([client.jwks_uri, json.dumps(client.jwks) if client.jwks else None]),
            _("ID tokens are signed by"): client.id_token_signed_response_alg,
            _("Userinfo is signed by"): client.userinfo_signed_response_alg or _("Not signed: JSON"),
            _("Its requests are signed by"): client.request_object_signing_alg or _("Any that its keys are for"),
            _("Its assertions are signed by"): client.token_endpoint_auth_signing_alg or _("Any that its keys are for"),
            _("Access tokens are"): client.access_token_format,
            _("May ask what any token is"): _yes(client.may_introspect),
            _("May sign people out by its return address alone"): _yes(client.bare_post_logout_redirect),
            _("Secrets"): _listed([_secret(each) for each in client.secrets]),
        },
    }
    return {title: [{"key": key, "value": str(value)} for key, value in rows.items()] for title, rows in said.items()}


def _yes(answer: bool) -> str:
    return str(_("Yes") if answer else _("No"))


def _listed(values: list[str] | list[str | None]) -> str:
    return ", ".join(each for each in values if each) or str(_("Not set"))


def _secret(secret: ClientSecret) -> str:
    made = _("made %(when)s", when=written_moment(secret.created_at))
    if secret.expires_at is None:
        return str(made)
    return str(_("%(made)s and good until %(when)s", made=made, when=written_moment(secret.expires_at)))
