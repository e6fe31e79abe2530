"""The sandbox's Zendesk: its API for our adapter, a page of tickets for people, JSON for scripts."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from flask import Flask, abort, jsonify, render_template
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined

from identity_provider.sandbox.faults import add_faults
from identity_provider.sandbox.serving import serve
from identity_provider.sandbox.zendesk_desk import Desk
from identity_provider.sandbox.zendesk_wire import zendesk_api


def create_zendesk(desk: Desk, token: str) -> Flask:
    """Make the stand-in for one helpdesk and one API token."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["user"] = desk.user_by_id
    faults = add_faults(app, "down", "slow", "rate_limited", "lost_reply", "html")
    app.register_blueprint(zendesk_api(desk, faults, f"{desk.agent.email}/token", token))

    @app.get("/")
    def index() -> str:
        return render_template("zendesk/index.html", tickets=desk.tickets())

    @app.get("/tickets.json")
    def tickets_json() -> ResponseReturnValue:
        users = {user.id: {"name": user.name, "email": user.email} for user in desk.users()}
        return jsonify([{**asdict(ticket), "requester": users[ticket.requester_id]} for ticket in desk.tickets()])

    @app.get("/agent/tickets/<int:ticket_id>")
    def show(ticket_id: int) -> str:
        ticket = desk.ticket(ticket_id)
        if ticket is None:
            abort(404)
        return render_template("zendesk/ticket.html", ticket=ticket)

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="The sandbox's Zendesk.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the file that keeps the tickets")
    arguments = parser.parse_args()
    desk = Desk(arguments.state, os.environ["ZENDESK_EMAIL"])
    serve(create_zendesk(desk, os.environ["ZENDESK_TOKEN"]), arguments.port)


if __name__ == "__main__":
    main()
