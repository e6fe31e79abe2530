"""Webhooks: where services hear of changes, what was sent there, and sending it again. Administrators only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import Client, MessageState, WebhookEndpoint, WebhookMessage
from identity_provider.services import webhooks
from identity_provider.services.audit import Actor
from identity_provider.services.webhooks import EndpointRefused
from support_console.auth import me, require
from support_console.webhooks import queries, rows
from support_console.webhooks.forms import ChangeEndpointForm, NewEndpointForm

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks", template_folder="templates")


@bp.get("")
@require(Permission.EDIT_WEBHOOKS)
def show_all() -> ResponseReturnValue:
    """Every endpoint, and how many messages wait or were given up there."""
    return render_template("support/webhooks/list.html", listed=[rows.listed(each) for each in queries.all_endpoints()])


@bp.get("/new")
@require(Permission.EDIT_WEBHOOKS)
def new() -> ResponseReturnValue:
    """Ask where a service wants to hear of changes."""
    return _new_page(NewEndpointForm(data={"message_types": ["UserCreated", "UserUpdated", "UserMerged"]}))


@bp.post("/new")
@require(Permission.EDIT_WEBHOOKS, fresh=True)
def add() -> ResponseReturnValue:
    """Add it; its secret is shown on the page that follows, and never again."""
    form = NewEndpointForm()
    form.client_id.offer(queries.services())
    if not form.validate():
        return _new_page(form), 422
    client = db.session.get_one(Client, str(form.client_id.data))
    try:
        with transaction():
            endpoint, secret = webhooks.add(client, str(form.url.data), form.chosen, actor=_actor(), now=_now())
    except EndpointRefused as refusal:
        form.refuse(refusal)
        return _new_page(form), 422
    return render_template("support/webhooks/secret.html", endpoint=endpoint, secret=secret)


@bp.get("/<uuid:endpoint_id>")
@require(Permission.EDIT_WEBHOOKS)
def show(endpoint_id: UUID) -> ResponseReturnValue:
    """One endpoint and its delivery log."""
    endpoint = _endpoint_or_404(endpoint_id)
    asked = request.args.get("state", "")
    state = MessageState(asked) if asked in set(MessageState) else None
    log = [
        rows.logged(url_for(".message", endpoint_id=endpoint_id, message_id=each.id), each)
        for each in queries.log_of(endpoint, state)
    ]
    return render_template(
        "support/webhooks/endpoint.html",
        endpoint=endpoint,
        details=rows.details_of(endpoint),
        log=log,
        state=state,
        states={each: rows.state_in_words(each) for each in MessageState},
        most=queries.MOST_SHOWN,
    )


@bp.get("/<uuid:endpoint_id>/edit")
@require(Permission.EDIT_WEBHOOKS)
def edit(endpoint_id: UUID) -> ResponseReturnValue:
    """Every setting, as it is."""
    endpoint = _endpoint_or_404(endpoint_id)
    shown = {"url": endpoint.url, "message_types": endpoint.message_types}
    return _edit_page(ChangeEndpointForm(data=shown | {"enabled": "yes" if endpoint.is_enabled else "no"}), endpoint)


@bp.post("/<uuid:endpoint_id>/edit")
@require(Permission.EDIT_WEBHOOKS, fresh=True)
def save(endpoint_id: UUID) -> ResponseReturnValue:
    """Change it; what waits is sent to the new address."""
    endpoint, form = _endpoint_or_404(endpoint_id), ChangeEndpointForm()
    if not form.validate():
        return _edit_page(form, endpoint), 422
    try:
        with transaction():
            enabled = form.enabled.data == "yes"
            webhooks.change(
                endpoint, url=str(form.url.data), types=form.chosen, enabled=enabled, actor=_actor(), now=_now()
            )
    except EndpointRefused as refusal:
        form.refuse(refusal)
        return _edit_page(form, endpoint), 422
    flash(_("Saved."), "success")
    return _to(endpoint)


@bp.post("/<uuid:endpoint_id>/rotate-secret")
@require(Permission.EDIT_WEBHOOKS, fresh=True)
def rotate_secret(endpoint_id: UUID) -> ResponseReturnValue:
    """Make a new secret and show it this once."""
    endpoint = _endpoint_or_404(endpoint_id)
    with transaction():
        secret = webhooks.rotate_secret(endpoint, actor=_actor(), now=_now())
    return render_template("support/webhooks/secret.html", endpoint=endpoint, secret=secret)


@bp.post("/<uuid:endpoint_id>/ping")
@require(Permission.EDIT_WEBHOOKS)
def ping(endpoint_id: UUID) -> ResponseReturnValue:
    """Send a message that says nothing; the log shows what became of it."""
    endpoint = _endpoint_or_404(endpoint_id)
    try:
        with transaction():
            sent = webhooks.ping(endpoint, actor=_actor(), now=_now())
    except IllegalMove:
        flash(_("This endpoint is switched off: nothing was sent."))
        return _to(endpoint)
    return redirect(url_for(".message", endpoint_id=endpoint_id, message_id=sent.id), 303)


@bp.post("/<uuid:endpoint_id>/replay-parked")
@require(Permission.EDIT_WEBHOOKS)
def replay_parked(endpoint_id: UUID) -> ResponseReturnValue:
    """Send everything again that was given up."""
    endpoint = _endpoint_or_404(endpoint_id)
    with transaction():
        number = webhooks.replay_parked(endpoint, actor=_actor(), now=_now())
    flash(_("Messages to be sent again: %(number)s.", number=number), "success")
    return _to(endpoint)


@bp.get("/<uuid:endpoint_id>/messages/<uuid:message_id>")
@require(Permission.EDIT_WEBHOOKS)
def message(endpoint_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """One message and every try."""
    shown = _message_or_404(endpoint_id, message_id)
    return render_template(
        "support/webhooks/message.html",
        message=shown,
        details=rows.about(shown),
        attempts=[rows.attempt(each) for each in shown.attempts],
        waits=shown.state is MessageState.WAITING,
    )


@bp.post("/<uuid:endpoint_id>/messages/<uuid:message_id>/replay")
@require(Permission.EDIT_WEBHOOKS)
def replay(endpoint_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """Send it again, as it was."""
    try:
        with transaction():
            webhooks.replay(_message_or_404(endpoint_id, message_id), actor=_actor(), now=_now())
    except IllegalMove:
        flash(_("This message is waiting to be sent anyway."))
    return redirect(url_for(".message", endpoint_id=endpoint_id, message_id=message_id), 303)


def _new_page(form: NewEndpointForm) -> str:
    form.client_id.offer({"": _("Select a service")} | queries.services())
    return render_template("support/webhooks/new.html", form=form)


def _edit_page(form: ChangeEndpointForm, endpoint: WebhookEndpoint) -> str:
    return render_template("support/webhooks/edit.html", form=form, endpoint=endpoint)


def _to(endpoint: WebhookEndpoint) -> ResponseReturnValue:
    return redirect(url_for(".show", endpoint_id=endpoint.id), 303)


def _endpoint_or_404(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = db.session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        abort(404)
    return endpoint


def _message_or_404(endpoint_id: UUID, message_id: UUID) -> WebhookMessage:
    found = queries.message_of(endpoint_id, message_id)
    if found is None:
        abort(404)
    return found


def _actor() -> Actor:
    return Actor.of(me())


def _now() -> datetime:
    return ports().clock.now()
