"""The end of a browser session, as far as relying services are concerned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from identity_provider.models import BrowserSession
from identity_provider.queue import defer
from identity_provider.services import clients, grants

TELL_SERVICE = "tell_service_of_sign_out"


def end_grants(session: BrowserSession, *, now: datetime) -> None:
    """Revoke what was granted in this session, and have its services told by the worker.

    Nobody waits for a service: the person is signed out here whether it answers or not (Back-Channel Logout 1.0).
    """
    if session.user_id is not None:
        end_grants_of(session.id, session.user_id, now=now)


def end_grants_of(session_id: UUID, user_id: UUID, *, now: datetime) -> None:
    """The same for a session of a person by its id: its row may be forgotten while what was granted in it lives."""
    for client_id in grants.revoke_of_session(session_id, now=now):
        client = clients.find(client_id)
        if client is not None and client.is_enabled and client.backchannel_logout_uri:
            defer(
                TELL_SERVICE,
                key=f"{TELL_SERVICE}:{session_id}:{client_id}",
                client_id=client_id,
                user_id=str(user_id),
                session_id=str(session_id),
            )
