"""The sandbox's Zendesk: its API for our adapter, a page of tickets for people, JSON for scripts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from flask import Flask, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined

from identity_provider.sandbox.faults import add_faults
from identity_provider.sandbox.serving import serve
from identity_provider.sandbox.zendesk_desk import STATUSES, Desk, RecordInvalid, Ticket
from identity_provider.sandbox.zendesk_webhooks import Webhook
from identity_provider.sandbox.zendesk_wire import zendesk_api


def create_zendesk(desk: Desk, token: str, webhook: Webhook | None = None) -> Flask:
    """Make the stand-in for one helpdesk and one API token, which tells of what is done on its pages, if anybody."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["user"] = desk.user_by_id
    faults = add_faults(app, "down", "slow", "rate_limited", "lost_reply", "html", "no_webhooks")
    app.register_blueprint(zendesk_api(desk, faults, f"{desk.agent.email}/token", token))

    @app.get("/")
    def index() -> str:
        return render_template("zendesk/index.html", tickets=desk.tickets())

    @app.get("/tickets.json")
    def tickets_json() -> ResponseReturnValue:
        users = {user.id: {"name": user.name, "email": user.email} for user in desk.users()}
        return jsonify([{**asdict(ticket), "requester": users[ticket.requester_id]} for ticket in desk.tickets()])

    _add_ticket_pages(app, desk, lambda: None if faults.is_("no_webhooks") else webhook)
    return app


def _add_ticket_pages(app: Flask, desk: Desk, webhook: Callable[[], Webhook | None]) -> None:
    def found(ticket_id: int) -> Ticket:
        ticket = desk.ticket(ticket_id)
        if ticket is None:
            abort(404)
        return ticket

    @app.get("/agent/tickets/<int:ticket_id>")
    def show(ticket_id: int) -> str:
        return render_template("zendesk/ticket.html", ticket=found(ticket_id), statuses=STATUSES, helper=desk.helper)

    @app.post("/agent/tickets/<int:ticket_id>")
    def work(ticket_id: int) -> ResponseReturnValue:
        ticket, form = found(ticket_id), request.form
        author = desk.user_by_id(ticket.requester_id) if form.get("author") == "requester" else desk.helper
        public, status = "public" in form or author is not desk.helper, form.get("status", ticket.status)
        try:
            events = desk.work(ticket, form.get("comment", ""), status, author=author or desk.helper, public=public)
        except RecordInvalid as error:
            abort(422, str(error))
        listener = webhook()
        if listener is not None and events:
            listener.tell(ticket, events)
        return redirect(url_for("show", ticket_id=ticket_id), 303)

    @app.post("/agent/tickets/<int:ticket_id>/delete")
    def delete(ticket_id: int) -> ResponseReturnValue:
        desk.delete(found(ticket_id).id)
        return redirect(url_for("index"), 303)


def main() -> None:
    parser = argparse.ArgumentParser(description="The sandbox's Zendesk.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the file that keeps the tickets")
    arguments = parser.parse_args()
    desk = Desk(arguments.state, os.environ["ZENDESK_EMAIL"])
    listener, secret = os.environ.get("ZENDESK_WEBHOOK_URL", ""), os.environ.get("ZENDESK_WEBHOOK_SECRET", "")
    webhook = Webhook(listener, secret) if listener and secret else None
    serve(create_zendesk(desk, os.environ["ZENDESK_TOKEN"], webhook), arguments.port)


if __name__ == "__main__":
    main()
