"""The provider's description of itself; a test compares it with what the routes do."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from identity_provider.domain.authentication import DEMANDABLE
from identity_provider.domain.features import Feature
from identity_provider.kit.app import settings
from identity_provider.oidc import claims
from identity_provider.oidc.checks.prompt import PROMPTS
from identity_provider.oidc.checks.response_mode import MODES
from identity_provider.oidc.client_authentication import METHODS
from identity_provider.services import features
from identity_provider.services.clients import GRANT_TYPES, SCOPES
from identity_provider.services.signing_keys import ALGORITHMS
from identity_provider.services.subjects import SUBJECT_TYPES

# What the ID token holds beside the claims about the person.
_OF_THE_TOKEN = ("iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")


@cache
def as_json(issuer: str, *, registration: bool = False) -> bytes:
    """The document as it is sent."""
    return orjson.dumps(document(issuer, registration=registration))


def registration_is_open() -> bool:
    """Whether services may register themselves: the settings allow it, and nobody has switched it off."""
    return settings().client_registration and features.is_on(Feature.CLIENT_REGISTRATION)


@cache
def document(issuer: str, *, registration: bool = False) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 section 3; made once per process. `registration`: services may register."""
    return ({"registration_endpoint": f"{issuer}/connect/register"} if registration else {}) | {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/connect/authorize",
        "token_endpoint": f"{issuer}/connect/token",
        "userinfo_endpoint": f"{issuer}/connect/userinfo",
        "pushed_authorization_request_endpoint": f"{issuer}/connect/par",
        "require_pushed_authorization_requests": False,
        "revocation_endpoint": f"{issuer}/connect/revocation",
        "introspection_endpoint": f"{issuer}/connect/introspection",
        "end_session_endpoint": f"{issuer}/connect/signout",
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": list(SUBJECT_TYPES),
        "acr_values_supported": [each.under(issuer) for each in DEMANDABLE],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": [each for each in METHODS if each != "none"],
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": [*claims.SUPPORTED, *_OF_THE_TOKEN],
        "claims_parameter_supported": True,
        # Signed ones, of clients that registered keys; never `none`.
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(ALGORITHMS),
        "require_signed_request_object": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": sorted(PROMPTS),
        "display_values_supported": ["page"],
        "ui_locales_supported": ["en", "cy"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }
