"""Email and text messages by GOV.UK Notify.

The email template has the subject `((subject))` and the body `((body))`, the text template the body `((body))`:
every word of a message is ours, so a message is changed where it is written and not in Notify.
"""

from __future__ import annotations

from contextlib import closing

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from identity_provider.domain.errors import IdentityError
from identity_provider.ports import EmailMessage, MailerUnavailable, MessageRefused, TextMessage

SECONDS_TO_ANSWER = 10


class NotifyMailer:
    """A Mailer and a TextMessenger. What is sent again with the same reference arrives again: Notify does not look."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        email_template_id: str,
        sms_template_id: str = "",
        timeout: float = SECONDS_TO_ANSWER,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._email_template_id = email_template_id
        self._sms_template_id = sms_template_id
        self._timeout = timeout

    def send(self, message: EmailMessage) -> None:
        """Hand an email to Notify. Raises MailerUnavailable or MessageRefused."""
        asked: dict[str, object] = {
            "email_address": message.to,
            "template_id": self._email_template_id,
            "personalisation": {"subject": message.subject, "body": message.text},
            "reference": message.reference or None,
        }
        self._post("send_email_notification", asked)

    def send_text(self, message: TextMessage) -> None:
        """Hand a text message to Notify. Raises MailerUnavailable or MessageRefused."""
        asked: dict[str, object] = {
            "phone_number": message.to,
            "template_id": self._sms_template_id,
            "personalisation": {"body": message.text},
            "reference": message.reference or None,
        }
        self._post("send_sms_notification", asked)

    def check(self) -> None:
        """Ask Notify for the email template, which takes the right key and the right template."""
        self._post("get_template", {"template_id": self._email_template_id})

    def _post(self, call: str, asked: dict[str, object]) -> None:
        # A client of its own for each message: the library's own words are "This class is not thread-safe".
        client = NotificationsAPIClient(  # type: ignore[no-untyped-call]  # the library's constructor carries no types
            self._api_key, base_url=self._base_url, timeout=self._timeout
        )
        with closing(client.request_session):
            try:
                getattr(client, call)(**asked)
            except APIError as error:
                raise _what_happened(error) from error


def _what_happened(error: APIError) -> IdentityError:
    """Only an answer about the recipient is final; a wrong key or template is mended, and the message sent again."""
    told = error.message if isinstance(error.message, list) else []
    for each in told:
        about = str(each.get("message", ""))
        if error.status_code == 400 and about.startswith(("email_address ", "phone_number ", "Can’t send to this")):
            return MessageRefused(f"Notify refused the recipient: {each.get('error')}")
    kinds = ", ".join(str(each.get("error")) for each in told) or type(error).__name__
    return MailerUnavailable(f"Notify did not take the message: {error.status_code} {kinds}")
