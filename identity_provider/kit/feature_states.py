"""Whether a feature really is on: its switch says so, and so do the settings without which no switch helps."""

from __future__ import annotations

from collections.abc import Callable

from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports, settings
from identity_provider.services import features

_SETTINGS: dict[Feature, tuple[str, Callable[[], bool]]] = {
    Feature.CLIENT_REGISTRATION: ("CLIENT_REGISTRATION", lambda: settings().client_registration),
    Feature.HELPDESK_TICKETS: ("TICKET_TRANSPORT", lambda: settings().ticket_transport != "none"),
    Feature.ONE_LOGIN: ("ONE_LOGIN_ISSUER", lambda: ports().broker is not None),
}


def setting_against(feature: Feature) -> str:
    """The setting that keeps a feature off whatever its switch says, for everybody; empty where none does."""
    name, allows = _SETTINGS.get(feature, ("", lambda: True))
    return "" if allows() else name


def is_in_effect(feature: Feature) -> bool:
    """Whether a feature is on for whoever has no switch of their own, switch and settings taken together."""
    return features.is_on(feature) and not setting_against(feature)
