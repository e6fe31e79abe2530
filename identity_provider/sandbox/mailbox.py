"""The sandbox's mailbox: GOV.UK Notify and SMTP on one side, a page and JSON to read the mail on the other."""

from __future__ import annotations

import os

from flask import Flask, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined

from identity_provider.sandbox.faults import Faults, add_faults
from identity_provider.sandbox.messages import Messages
from identity_provider.sandbox.notify_wire import NotifyAccount, notify_api
from identity_provider.sandbox.serving import port_from_command_line, serve
from identity_provider.sandbox.smtp_wire import start_smtp

SMTP_OFFSET = 10


def create_mailbox(account: NotifyAccount, messages: Messages) -> tuple[Flask, Faults]:
    """Make the mailbox's web side, and the switch for its faults, which the SMTP side shares."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    faults = add_faults(app, "down", "slow", "rate_limited")
    app.register_blueprint(notify_api(account, messages, faults))

    @app.get("/")
    def index() -> str:
        address = request.args.get("to", "")
        return render_template(
            "mailbox/index.html", address=address, messages=messages.to(address)[:200], addresses=messages.addresses()
        )

    @app.get("/messages.json")
    def messages_json() -> ResponseReturnValue:
        return jsonify([each.as_json() for each in messages.to(request.args.get("to"))])

    @app.get("/messages/<message_id>")
    def show(message_id: str) -> str:
        message = messages.get(message_id)
        if message is None:
            abort(404)
        return render_template("mailbox/message.html", message=message)

    return app, faults


def main() -> None:
    port = port_from_command_line("The sandbox's mailbox.")
    account = NotifyAccount(
        api_key=os.environ["NOTIFY_API_KEY"],
        email_template=os.environ["NOTIFY_EMAIL_TEMPLATE_ID"],
        sms_template=os.environ["NOTIFY_SMS_TEMPLATE_ID"],
    )
    messages = Messages()
    app, faults = create_mailbox(account, messages)
    start_smtp(messages, faults, port + SMTP_OFFSET)
    serve(app, port)


if __name__ == "__main__":
    main()
