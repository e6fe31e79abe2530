"""The rows of the pages of webhooks."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.kit.written import written_moment
from identity_provider.models import MessageState, WebhookAttempt, WebhookEndpoint, WebhookMessage
from support_console.webhooks.queries import Listed

Details = list[dict[str, str]]


def state_in_words(state: MessageState) -> str:
    """Where a message stands."""
    words = {
        MessageState.WAITING: _("Waiting"),
        MessageState.DELIVERED: _("Delivered"),
        MessageState.PARKED: _("Given up"),
    }
    return str(words[state])


def details_of(endpoint: WebhookEndpoint) -> Details:
    """Where and of what a service hears."""
    secrets = [written_moment(each.created_at) for each in endpoint.secrets]
    rows = {
        _("Service"): endpoint.client.name,
        _("Address"): endpoint.url,
        _("Messages"): ", ".join(endpoint.message_types),
        _("State"): _("In use") if endpoint.is_enabled else _("Switched off"),
        _("Secrets made"): ", ".join(secrets),
    }
    if endpoint.resting_until is not None:
        rows[_("Left alone until")] = written_moment(endpoint.resting_until)
    return [{"key": key, "value": str(value)} for key, value in rows.items()]


def listed(of: Listed) -> list[str]:
    """One endpoint in the list of them."""
    address = url_for("support.webhooks.show", endpoint_id=of.endpoint.id)
    link = Markup('<a class="govuk-link kit-break" href="{}">{}</a>').format(address, of.endpoint.url)
    state = _("In use") if of.endpoint.is_enabled else _("Switched off")
    messages = ", ".join(of.endpoint.message_types)
    return [of.endpoint.client.name, link, messages, str(of.waiting), str(of.parked), str(state)]


def logged(address: str, message: WebhookMessage) -> list[str]:
    """One line of the delivery log, which leads to the message."""
    link = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, written_moment(message.happened_at))
    last = outcome_of(message.attempts[-1]) if message.attempts else ""
    return [link, message.message_type.value, state_in_words(message.state), str(len(message.attempts)), last]


def about(message: WebhookMessage) -> Details:
    """One message, without what it says of the person."""
    rows = {
        _("Message ID"): str(message.notification_id),
        _("Message"): message.message_type.value,
        _("User ID"): str(message.user_id or _("Nobody")),
        _("The change was"): written_moment(message.happened_at),
        _("State"): state_in_words(message.state),
    }
    if message.state is MessageState.WAITING:
        rows[_("Next try")] = written_moment(message.next_attempt_at)
    return [{"key": key, "value": str(value)} for key, value in rows.items()]


def attempt(of: WebhookAttempt) -> list[str]:
    """One try."""
    took = _("%(ms)s ms", ms=of.duration_ms)
    return [written_moment(of.at), str(took), outcome_of(of), of.excerpt]


def outcome_of(of: WebhookAttempt) -> str:
    """What a try came to."""
    if of.status is None:
        return str(_("No answer: %(why)s", why=of.outcome))
    taken = 200 <= of.status < 300
    return str(_("Taken (%(status)s)", status=of.status) if taken else _("Refused (%(status)s)", status=of.status))
