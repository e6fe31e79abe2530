"""The rules for an authorization request, one a file, in the order in which they are asked.

A check raises an OAuth2Error of Authlib. As long as the redirect URI is not trusted that becomes a page of ours;
afterwards it is sent to the client (RFC 6749 4.1.2.1).
"""

from __future__ import annotations

from identity_provider.oidc.checks import (
    acr_values,
    claims_parameter,
    client,
    id_token_hint,
    max_age,
    nonce,
    offline_access,
    pkce,
    prompt,
    redirect_uri,
    repetition,
    request_object,
    response_mode,
    response_type,
    scope,
    well_formed,
)

BEFORE_REDIRECT = (well_formed.check, client.check, redirect_uri.check)
AFTER_REDIRECT = (
    response_mode.check,
    repetition.check,
    request_object.check,
    response_type.check,
    nonce.check,
    scope.check,
    pkce.check,
    prompt.check,
    offline_access.check,
    max_age.check,
    id_token_hint.check,
    claims_parameter.check,
    acr_values.check,
)
