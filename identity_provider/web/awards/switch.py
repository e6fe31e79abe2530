"""Awards can be switched off for everybody, while the service runs."""

from __future__ import annotations

from flask import abort

from identity_provider.domain.features import Feature
from identity_provider.services import features


def refuse_while_off() -> None:
    """Answer 503 while awards are switched off."""
    if not features.is_on(Feature.AWARDS):
        abort(503)
