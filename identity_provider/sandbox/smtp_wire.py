"""The mailbox's SMTP door: whatever arrives is kept, unless a fault is on."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from identity_provider.sandbox.faults import Faults
from identity_provider.sandbox.messages import Message, Messages
from identity_provider.sandbox.serving import HOST


class Postman:
    """Takes each message to everybody it is addressed to."""

    def __init__(self, messages: Messages, faults: Faults) -> None:
        self._messages = messages
        self._faults = faults

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Fail here if told to: RFC 5321 lets the sender try again after a 4xx."""
        del server, session
        if self._faults.is_("slow"):
            await asyncio.get_running_loop().run_in_executor(None, self._faults.wait_if_slow)
        if self._faults.is_("down"):
            return "421 4.3.2 Service not available"
        if self._faults.is_("rate_limited"):
            return "450 4.7.1 Too many messages, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        parsed = message_from_bytes(envelope.original_content or b"", _class=EmailMessage, policy=policy.default)
        body = parsed.get_body(preferencelist=("plain", "html"))
        text = "" if body is None else str(body.get_content())
        for address in envelope.rcpt_tos:
            self._messages.deliver(Message(address, str(parsed["subject"] or ""), text))
        return "250 OK"


def start_smtp(messages: Messages, faults: Faults, port: int) -> Controller:
    """Listen on a thread of its own."""
    controller = Controller(Postman(messages, faults), hostname=HOST, port=port, enable_SMTPUTF8=True)
    controller.start()
    return controller
