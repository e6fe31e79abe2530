"""A relying service: what it may ask for and what it demands."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.domain.access import MatchPolicy, TrnRequirement


class Client(Base):
    """A registered OAuth 2.0 client (RFC 6749 section 2); "relying service" on screens.

    Disabled, never deleted; the database sees to it. So what a sign-in writes names its client without a foreign key:
    that would lock this one row for everybody who signs in to the service.
    """

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint(
            "token_endpoint_auth_method IN ('client_secret_basic','client_secret_post','private_key_jwt','none')",
            name="auth_method",
        ),
        CheckConstraint("require_pkce OR token_endpoint_auth_method <> 'none'", name="public_needs_pkce"),
        CheckConstraint(
            "id_token_signed_response_alg IN ('RS256','PS256','ES256','Ed25519')", name="id_token_algorithm"
        ),
        CheckConstraint("subject_type IN ('public','pairwise')", name="subject_type"),
        CheckConstraint("subject_type = 'public' OR sector_identifier IS NOT NULL", name="pairwise_needs_sector"),
        CheckConstraint("access_token_format IN ('opaque','jwt')", name="access_token_format"),
        CheckConstraint("jwks IS NULL OR jwks_uri IS NULL", name="keys_at_one_place"),
    )

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    service_url: Mapped[str | None] = mapped_column(String(2000))
    redirect_uris: Mapped[list[str]] = mapped_column(default=list)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(default=list)
    initiate_login_uri: Mapped[str | None] = mapped_column(String(2000))
    backchannel_logout_uri: Mapped[str | None] = mapped_column(String(2000))
    scopes: Mapped[list[str]] = mapped_column(default=list)
    grant_types: Mapped[list[str]] = mapped_column(default=list)
    token_endpoint_auth_method: Mapped[str] = mapped_column(String(40), default="client_secret_basic")
    require_pkce: Mapped[bool] = mapped_column(default=True)
    require_nonce: Mapped[bool] = mapped_column(default=False)
    subject_type: Mapped[str] = mapped_column(String(10), default="public")
    # The host that pairwise subjects are made for, and the document that lists its redirect URIs (Core 8.1).
    sector_identifier: Mapped[str | None] = mapped_column(String(255))
    sector_identifier_uri: Mapped[str | None] = mapped_column(String(2000))
    id_token_signed_response_alg: Mapped[str] = mapped_column(String(10), default="RS256")
    # None: userinfo is JSON, a request object or an assertion may be signed by any algorithm that the keys are for.
    userinfo_signed_response_alg: Mapped[str | None] = mapped_column(String(10))
    request_object_signing_alg: Mapped[str | None] = mapped_column(String(10))
    token_endpoint_auth_signing_alg: Mapped[str | None] = mapped_column(String(10))
    # `jwt`: APIs that it calls read its access tokens themselves (RFC 9068).
    access_token_format: Mapped[str] = mapped_column(String(10), default="opaque", server_default="opaque")
    # The client's own public keys (RFC 7517), for private_key_jwt and signed request objects.
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Or where it publishes them.
    jwks_uri: Mapped[str | None] = mapped_column(String(2000))
    # Whether it may ask what any token is (RFC 7662 section 4): for APIs that accept our tokens.
    may_introspect: Mapped[bool] = mapped_column(default=False)
    trn_requirement: Mapped[TrnRequirement] = mapped_column(default=TrnRequirement.OPTIONAL)
    match_policy: Mapped[MatchPolicy] = mapped_column(default=MatchPolicy.DEFAULT)
    raise_tickets: Mapped[bool] = mapped_column(default=True)
    block_prohibited: Mapped[bool] = mapped_column(default=False)
    bare_post_logout_redirect: Mapped[bool] = mapped_column(default=False)
    # One of our own family: people are never asked whether it may know what it is registered for.
    first_party: Mapped[bool] = mapped_column(default=True, server_default=true())
    # What a service that registered itself said of itself beside what has a column (RFC 7591 section 2).
    registration: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    # HMAC of the token with which it may read and change its own registration (RFC 7592).
    registration_token_hmac: Mapped[bytes | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    secrets: Mapped[list[ClientSecret]] = relationship(
        # The newest has no end yet and comes last, also where a clock that went back made two at one moment.
        back_populates="client",
        order_by="(ClientSecret.expires_at.nulls_last(), ClientSecret.created_at)",
        cascade="all, delete-orphan",
    )

    @property
    def is_enabled(self) -> bool:
        """Whether the service may use us at all."""
        return self.disabled_at is None

    @property
    def is_public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749 section 2.1)."""
        return self.token_endpoint_auth_method == "none"

    @property
    def has_keys(self) -> bool:
        """Whether it registered public keys, so that what it signs can be believed."""
        return self.jwks is not None or self.jwks_uri is not None

    @property
    def wants_trn(self) -> bool:
        """Whether the service may ask for a TRN at all."""
        return bool({"trn", "dqt:read"} & set(self.scopes))


class ClientSecret(Base):
    """One of at most two live secrets, so that a service can change over without an outage."""

    __tablename__ = "client_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    secret_hmac: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship(back_populates="secrets")
