"""A client row in the shape that Authlib's grants ask for."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import ClientMixin

from identity_provider.models import Client


class RegisteredClient(ClientMixin):  # type: ignore[misc]  # Authlib carries no types
    """Answers Authlib's questions from the row; secrets are judged in client_authentication.py only."""

    def __init__(self, row: Client) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.id

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.row.grant_types

    def get_allowed_scope(self, scope: str | None) -> str:
        """The asked scopes that this client may have, in the order asked."""
        return " ".join(each for each in dict.fromkeys((scope or "").split()) if each in self.row.scopes)
