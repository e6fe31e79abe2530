"""What is asked of a service: every setting that a registration has, judged by the rules of registering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import StopValidation

from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.kit.fields import Answered, CleanString, CleanText, ListField
from identity_provider.kit.forms import Form
from identity_provider.services import clients, signing_keys, subjects
from identity_provider.services.clients import ClientRefused, NewClient

LONGEST_URI = 2_000
LONGEST_LIST = 20_000

ALGORITHMS = {each: each for each in signing_keys.ALGORITHMS}
RULES = {
    "require_pkce": _("Must use PKCE"),
    "require_nonce": _("Must send a nonce"),
    "raise_tickets": _("Gives cases to the helpdesk"),
    "block_prohibited": _("Refuses people with an open prohibition"),
    "first_party": _("Is one of our own: people are not asked what it may know"),
    "may_introspect": _("May ask what any token is (an API that accepts our tokens)"),
    "bare_post_logout_redirect": _("May sign people out by its return address alone"),
}
_LISTS = ("redirect_uris", "post_logout_redirect_uris")
_ADDRESSES = ("service_url", "initiate_login_uri", "backchannel_logout_uri", "jwks_uri", "sector_identifier_uri")
_CHOICES = (
    "auth_method",
    "id_token_algorithm",
    "userinfo_algorithm",
    "request_object_algorithm",
    "assertion_algorithm",
    "access_token_format",
    "subject_type",
)
# What a refusal of the registry begins with, where it is not the name of the field.
_FIELDS = {
    "id": "client_id",
    "redirect-uri": "redirect_uris",
    "scope": "scopes",
    "grant": "grant_types",
    "request-object-signing-alg": "request_object_algorithm",
}


def _uri(label: object) -> CleanString:
    return CleanString(label, max_length=LONGEST_URI)


def _many(label: Any, offered: Mapping[str, Any]) -> SelectMultipleField:
    choices = [SelectChoice(value=value, label=words) for value, words in offered.items()]
    return SelectMultipleField(label, choices=choices, validate_choice=False)


# Made before the others, so that it stands and is complained of first.
_CLIENT_ID = CleanString(_("Client ID"), [Answered(_("Enter a client ID"))], max_length=100)


class ClientForm(Form):
    """The settings of a service."""

    name = CleanString(_("Name that people see"), [Answered(_("Enter the name of the service"))])
    service_url = _uri(_("Where the service begins"))
    redirect_uris = CleanText(_("Where people are sent back to"), max_length=LONGEST_LIST)
    post_logout_redirect_uris = CleanText(_("Where people go after signing out"), max_length=LONGEST_LIST)
    initiate_login_uri = _uri(_("Where it can be told to begin a sign-in"))
    backchannel_logout_uri = _uri(_("Where it is told of sign-outs"))
    trn_requirement = ListField(
        _("Needs a TRN"),
        choices={
            TrnRequirement.REQUIRED.value: _("Always: nobody returns without one"),
            TrnRequirement.REQUIRED_IF_HELD.value: _("From everybody who has one"),
            TrnRequirement.OPTIONAL.value: _("No: everybody returns"),
        },
        message=_("Select whether the service needs a TRN"),
    )
    match_policy = ListField(
        _("How sure it wants to be"),
        choices={
            MatchPolicy.DEFAULT.value: _("As sure as usual"),
            MatchPolicy.STRICT.value: _("Strict: TRN and National Insurance number agree"),
        },
        message=_("Select how sure the service wants to be"),
    )
    rules = _many(_("Rules"), RULES)
    scopes = _many(_("Scopes"), {each: each for each in clients.SCOPES})
    grant_types = _many(_("Grant types"), {each: each for each in clients.GRANT_TYPES})
    auth_method = ListField(
        _("How it proves who it is"),
        choices={each: each for each in clients.AUTH_METHODS},
        message=_("Select how the service proves who it is"),
    )
    jwks = CleanText(_("Its public keys (JSON Web Key Set)"), max_length=LONGEST_LIST)
    jwks_uri = _uri(_("Or where it publishes them"))
    id_token_algorithm = ListField(
        _("ID tokens are signed by"), choices=ALGORITHMS, message=_("Select how ID tokens are signed")
    )
    userinfo_algorithm = ListField(_("Userinfo is signed by"), choices={"": _("Not signed: JSON"), **ALGORITHMS})
    request_object_algorithm = ListField(
        _("Its requests are signed by"), choices={"": _("Any that its keys are for"), **ALGORITHMS}
    )
    assertion_algorithm = ListField(
        _("Its assertions are signed by"), choices={"": _("Any that its keys are for"), **ALGORITHMS}
    )
    access_token_format = ListField(
        _("Access tokens are"),
        choices={"opaque": _("Opaque"), "jwt": _("JSON Web Tokens, for APIs that read them")},
        message=_("Select what access tokens are"),
    )
    subject_type = ListField(
        _("Kind of subject"),
        choices={each: each for each in subjects.SUBJECT_TYPES},
        message=_("Select the kind of subject"),
    )
    sector_identifier_uri = _uri(_("Document that joins redirect addresses of several hosts"))

    @classmethod
    def showing(cls, client: NewClient) -> ClientForm:
        """The form as it stands for a service that is there."""
        shown: dict[str, Any] = {name: getattr(client, name) or "" for name in (*_ADDRESSES, *_CHOICES, "name")}
        shown |= {name: "\n".join(getattr(client, name)) for name in _LISTS}
        shown |= {"scopes": list(client.scopes), "grant_types": list(client.grant_types)}
        shown |= {"trn_requirement": client.trn_requirement.value, "match_policy": client.match_policy.value}
        shown["rules"] = [rule for rule in RULES if getattr(client, rule)]
        shown["jwks"] = json.dumps(client.jwks, indent=2) if client.jwks else ""
        return cls(data=shown)

    def validate_jwks(self, field: CleanText) -> None:
        """Refuses what is no JSON; whether it is a key set is for the registry to say."""
        try:
            if field.data:
                json.loads(field.data)
        except (ValueError, RecursionError) as broken:
            raise StopValidation(gettext("Enter the keys as JSON")) from broken

    def wanted(self, client_id: str, sector_document: tuple[str, ...] = ()) -> NewClient:
        """The registration that was typed, once the form is valid."""
        typed: dict[str, Any] = {name: self[name].data or None for name in (*_ADDRESSES, *_CHOICES)}
        typed |= {name: tuple(line for line in str(self[name].data).split("\n") if line) for name in _LISTS}
        typed |= {rule: rule in (self.rules.data or []) for rule in RULES}
        return NewClient(
            id=client_id,
            name=str(self.name.data),
            trn_requirement=TrnRequirement(str(self.trn_requirement.data)),
            match_policy=MatchPolicy(str(self.match_policy.data)),
            scopes=tuple(self.scopes.data or ()),
            grant_types=tuple(self.grant_types.data or ()),
            jwks=json.loads(str(self.jwks.data)) if self.jwks.data else None,
            sector_document=sector_document,
            **typed,
        )

    def refuse(self, refusal: ClientRefused) -> None:
        """Say what the registry refused beside its box, or above the form when it has none."""
        about, _colon, why = str(refusal).partition(": ")
        name = _FIELDS.get(about, about.replace("-", "_"))
        words = why[:1].upper() + why[1:]
        if name in self:
            self[name].errors = [*self[name].errors, words]
        else:
            self.form_errors.append(str(refusal))


class NewClientForm(ClientForm):
    """A service that is not there yet."""

    client_id = _CLIENT_ID


NEW = NewClient(id="", name="", scopes=clients.DEFAULT_SCOPES)
"""What the form of a new service begins with."""
