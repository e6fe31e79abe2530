"""Email by SMTP, with the standard library."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage as Letter
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from urllib.parse import unquote, urlsplit

from identity_provider.domain.errors import IdentityError
from identity_provider.ports import EmailMessage, MailerUnavailable, MessageRefused

SECONDS_TO_ANSWER = 10
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpMailer:
    """A Mailer. `smtp://` is encrypted as soon as the server offers it, `smtps://` from the first byte.

    A password is never sent in the clear, except to this machine itself.
    """

    def __init__(self, url: str, sender: str, *, timeout: float = SECONDS_TO_ANSWER) -> None:
        parts = urlsplit(url)
        self._implicit_tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._implicit_tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._timeout = timeout

    def send(self, message: EmailMessage) -> None:
        """Hand the message to the server. Raises MailerUnavailable or MessageRefused."""
        letter = _letter(message, self._sender)
        try:
            with self._connection() as server:
                server.send_message(letter)
        except (smtplib.SMTPException, OSError) as error:
            raise _what_happened(error) from error

    def check(self) -> None:
        """Connect, sign in where a password is set, and name our sender, without going on to a recipient."""
        try:
            with self._connection() as server:
                server.ehlo_or_helo_if_needed()
                code, words = server.mail(self._sender)
                if code != 250:
                    raise smtplib.SMTPSenderRefused(code, words, self._sender)
                server.rset()
        except (smtplib.SMTPException, OSError) as error:
            raise MailerUnavailable(str(_what_happened(error))) from error

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        tls = ssl.create_default_context()
        if self._implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=tls)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        with server:
            encrypted = self._implicit_tls or self._encrypt(server, tls)
            if self._user:
                if not encrypted and self._host not in LOOPBACK:
                    raise MailerUnavailable("the mail server offers no encryption: the password was not sent")
                server.login(self._user, self._password)
            yield server

    @staticmethod
    def _encrypt(server: smtplib.SMTP, tls: ssl.SSLContext) -> bool:
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("starttls"):
            return False
        server.starttls(context=tls)
        return True


def _letter(message: EmailMessage, sender: str) -> Letter:
    letter = Letter(policy=SMTP)
    try:
        letter["From"] = sender
        letter["To"] = message.to
        if [each.addr_spec for each in letter["To"].addresses if each.domain] != [message.to]:
            raise MessageRefused("this is not one address")
        # A subject is one line: a line break in it would begin another header.
        letter["Subject"] = " ".join(message.subject.split())
    except ValueError as error:
        raise MessageRefused("the address cannot stand in a message") from error
    letter["Date"] = format_datetime(localtime())
    letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or None)
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if message.reference:
        letter["X-Reference"] = message.reference
    letter.set_content(message.text)
    return letter


def _what_happened(error: Exception) -> IdentityError:
    """A 5xx about the recipient or the message is final; everything else may pass (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if all(code >= 500 for code in codes):
            return MessageRefused(f"the mail server refused the recipient: {codes}")
        return MailerUnavailable(f"the mail server put the recipient off: {codes}")
    if isinstance(error, smtplib.SMTPNotSupportedError | UnicodeEncodeError):
        return MessageRefused("the mail server cannot send to this address")
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        return MessageRefused(f"the mail server refused the message: {error.smtp_code}")
    code = getattr(error, "smtp_code", "")
    return MailerUnavailable(f"the mail server did not take the message: {type(error).__name__} {code}".rstrip())
