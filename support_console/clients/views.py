"""Services: which there are, how each is set up, and changing that; secrets are shown once."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.ports import ServiceRefused, ServiceUnavailable
from identity_provider.services import client_changes, clients, signing_keys, subjects
from identity_provider.services.audit import Actor
from identity_provider.services.clients import ClientRefused, NewClient
from support_console.auth import me, require
from support_console.clients.forms import NEW, ClientForm, NewClientForm
from support_console.clients.rows import listed, sections_of

bp = Blueprint("clients", __name__, url_prefix="/services", template_folder="templates")

SWITCHES = {"disable": clients.disable, "enable": client_changes.enable}
"""What a button on a service's page does."""


@bp.get("")
@require(Permission.VIEW_CLIENTS)
def show_all() -> ResponseReturnValue:
    """Every service, by name."""
    everything = db.session.scalars(select(Client).order_by(Client.name, Client.id)).all()
    may_edit = Permission.EDIT_CLIENTS in me().permissions
    return render_template("support/clients/list.html", listed=[listed(each) for each in everything], may_edit=may_edit)


@bp.get("/new")
@require(Permission.EDIT_CLIENTS)
def new() -> ResponseReturnValue:
    """Ask about a new service."""
    return _form_page(NewClientForm.showing(NEW), None)


@bp.post("/new")
@require(Permission.EDIT_CLIENTS, fresh=True)
def add() -> ResponseReturnValue:
    """Register it; its secret is shown on the page that follows, and never again."""
    form = NewClientForm()
    if not form.validate():
        return _form_page(form, None), 422
    try:
        wanted = _wanted(form, str(form.client_id.data))
        with transaction():
            client, secret = clients.register(wanted, secret=None, actor=Actor.of(me()), now=_now())
            _prepare_keys(client)
    except ClientRefused as refusal:
        form.refuse(refusal)
        return _form_page(form, None), 422
    if secret is None:
        return redirect(url_for(".show", client_id=client.id), 303)
    return render_template("support/clients/secret.html", client=client, secret=secret, is_new=True)


@bp.get("/<client_id>")
@require(Permission.VIEW_CLIENTS)
def show(client_id: str) -> ResponseReturnValue:
    """One service. Its secrets are kept as hashes: nobody can see them."""
    client = _client_or_404(client_id)
    may_edit = Permission.EDIT_CLIENTS in me().permissions
    return render_template(
        "support/clients/client.html", client=client, sections=sections_of(client), may_edit=may_edit
    )


@bp.get("/<client_id>/edit")
@require(Permission.EDIT_CLIENTS)
def edit(client_id: str) -> ResponseReturnValue:
    """Every setting, as it is."""
    client = _client_or_404(client_id)
    return _form_page(ClientForm.showing(client_changes.settings_of(client)), client)


@bp.post("/<client_id>/edit")
@require(Permission.EDIT_CLIENTS, fresh=True)
def save(client_id: str) -> ResponseReturnValue:
    """Set it up otherwise; it counts from the next request on."""
    client, form = _client_or_404(client_id), ClientForm()
    if not form.validate():
        return _form_page(form, client), 422
    try:
        wanted = _wanted(form, client.id)
        with transaction():
            secret = client_changes.change(client, wanted, actor=Actor.of(me()), now=_now())
            _prepare_keys(client)
    except ClientRefused as refusal:
        form.refuse(refusal)
        return _form_page(form, client), 422
    if secret is not None:
        return render_template("support/clients/secret.html", client=client, secret=secret, is_new=True)
    flash(_("Saved."), "success")
    return redirect(url_for(".show", client_id=client.id), 303)


@bp.post("/<client_id>/rotate-secret")
@require(Permission.EDIT_CLIENTS, fresh=True)
def rotate_secret(client_id: str) -> ResponseReturnValue:
    """Make a new secret and show it this once; the one before it stays good for a while."""
    client = _client_or_404(client_id)
    try:
        with transaction():
            secret = clients.rotate_secret(client, actor=Actor.of(me()), now=_now())
    except ClientRefused:
        abort(409)
    return render_template("support/clients/secret.html", client=client, secret=secret, is_new=False)


@bp.post("/<client_id>/<any('disable', 'enable'):switch>")
@require(Permission.EDIT_CLIENTS, fresh=True)
def act(client_id: str, switch: str) -> ResponseReturnValue:
    """Switch a service off or on."""
    with transaction():
        SWITCHES[switch](_client_or_404(client_id), actor=Actor.of(me()), now=_now())
    return redirect(url_for(".show", client_id=client_id), 303)


def _wanted(form: ClientForm, client_id: str) -> NewClient:
    """What was typed, with the sector's own document, which is read outside any transaction. Raises ClientRefused."""
    uri = str(form.sector_identifier_uri.data or "")
    if not uri:
        return form.wanted(client_id)
    try:
        clients.check_uri("sector-identifier-uri", uri)
        return form.wanted(client_id, subjects.read_sector_document(uri, ports().services))
    except (ServiceRefused, ServiceUnavailable) as silent:
        raise ClientRefused(f"sector-identifier-uri: {silent}") from silent


def _prepare_keys(client: Client) -> None:
    """The keys that sign what this service is given have to be there before it comes."""
    for algorithm in {client.id_token_signed_response_alg, client.userinfo_signed_response_alg} - {None}:
        signing_keys.ensure(str(algorithm), now=_now())


def _form_page(form: ClientForm, client: Client | None) -> str:
    return render_template("support/clients/form.html", form=form, client=client)


def _client_or_404(client_id: str) -> Client:
    client = clients.find(client_id)
    if client is None:
        abort(404)
    return client


def _now() -> datetime:
    return ports().clock.now()
