"""How a relying service is set up, as options of a command: the same to register one and to change one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.kit.app import ports
from identity_provider.ports import ServiceRefused, ServiceUnavailable
from identity_provider.services import clients, signing_keys, subjects

Command = Callable[..., None]

_SETTINGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--redirect-uri", "redirect_uris"), {"multiple": True, "help": "Compared as a string; may be repeated."}),
    (("--post-logout-redirect-uri", "post_logout_redirect_uris"), {"multiple": True}),
    (("--scope", "scopes"), {"multiple": True, "help": f"Default: {' '.join(clients.DEFAULT_SCOPES)}"}),
    (("--grant", "grant_types"), {"multiple": True, "type": click.Choice(clients.GRANT_TYPES)}),
    (("--auth-method",), {"type": click.Choice(clients.AUTH_METHODS), "default": "client_secret_basic"}),
    (
        ("--jwks", "jwks_file"),
        {
            "type": click.Path(exists=True, dir_okay=False, path_type=Path),
            "help": "Its public keys, for private_key_jwt and signed request objects.",
        },
    ),
    (("--jwks-uri",), {"help": "Where the service publishes its public keys, instead of --jwks."}),
    (
        ("--id-token-alg", "id_token_algorithm"),
        {"type": click.Choice(signing_keys.ALGORITHMS), "default": "RS256"},
    ),
    (("--userinfo-signed-response-alg", "userinfo_algorithm"), {"type": click.Choice(signing_keys.ALGORITHMS)}),
    (("--request-object-signing-alg", "request_object_algorithm"), {"type": click.Choice(signing_keys.ALGORITHMS)}),
    (("--token-endpoint-auth-signing-alg", "assertion_algorithm"), {"type": click.Choice(signing_keys.ALGORITHMS)}),
    (("--access-token-format",), {"type": click.Choice(clients.ACCESS_TOKEN_FORMATS), "default": "opaque"}),
    (("--subject-type",), {"type": click.Choice(subjects.SUBJECT_TYPES), "default": "public"}),
    (
        ("--sector-identifier-uri",),
        {"help": "Joins redirect URIs of several hosts; read while this command runs."},
    ),
    (("--service-url",), {"help": "Where the service starts."}),
    (("--initiate-login-uri",), {"help": "Where we may send a person who should sign in anew."}),
    (("--backchannel-logout-uri",), {}),
    (
        ("--trn-requirement",),
        {"type": click.Choice([each.value for each in TrnRequirement]), "default": TrnRequirement.OPTIONAL.value},
    ),
    (
        ("--match-policy",),
        {"type": click.Choice([each.value for each in MatchPolicy]), "default": MatchPolicy.DEFAULT.value},
    ),
    (("--require-pkce/--no-require-pkce",), {"default": True}),
    (("--require-nonce/--no-require-nonce",), {"default": False}),
    (("--raise-tickets/--no-raise-tickets",), {"default": True}),
    (("--may-introspect/--may-not-introspect",), {"default": False}),
    (("--block-prohibited/--no-block-prohibited",), {"default": False}),
    (("--first-party/--third-party",), {"default": True, "help": "Whether people are never asked."}),
    (("--bare-post-logout-redirect/--no-bare-post-logout-redirect",), {"default": False}),
)
_TEXTS = frozenset({"jwks_uri", "sector_identifier_uri", "service_url", "initiate_login_uri", "backchannel_logout_uri"})
_KINDS: dict[str, Callable[[str], Any]] = {"trn_requirement": TrnRequirement, "match_policy": MatchPolicy}


def options(*, changing: bool) -> Callable[[Command], Command]:
    """Every setting as an option; while changing none has a default, and what is not named is None or empty."""

    def with_options(command: Command) -> Command:
        for names, said in reversed(_SETTINGS):
            more = {"default": None} if changing and not said.get("multiple") else {"show_default": "default" in said}
            command = click.option(*names, **(said | more))(command)
        return click.option("--name", required=not changing, help="What people see on the screens.")(command)

    return with_options


def given(chosen: dict[str, Any], sector_uri: str | None = None) -> dict[str, Any]:
    """What was chosen, in the words of a registration; `sector_uri` is the sector document that holds so far.

    Raises click.ClickException when a document that an option names cannot be read.
    """
    words = {name: value for name, value in chosen.items() if value is not None and value != () and name != "jwks_file"}
    for name, value in words.items():
        if isinstance(value, tuple):
            words[name] = tuple(
                each for text in value for each in (text.split() if name == "scopes" else [text]) if each
            )
        elif name in _TEXTS:
            words[name] = value or None
        elif name in _KINDS:
            words[name] = _KINDS[name](value)
    if file := chosen.get("jwks_file"):
        words["jwks"] = _keys_in(file)
    return words | {"sector_document": _sector_document(words.get("sector_identifier_uri", sector_uri))}


def _keys_in(file: Path) -> Any:
    """What the file holds; whether those are keys is seen where the client is checked."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} is not JSON in UTF-8") from error


def _sector_document(uri: str | None) -> tuple[str, ...]:
    """What stands at a sector identifier URI; nothing where there is none."""
    try:
        return subjects.read_sector_document(uri, ports().services) if uri else ()
    except (ServiceRefused, ServiceUnavailable) as refusal:
        raise click.ClickException(f"sector-identifier-uri: {refusal}") from refusal
