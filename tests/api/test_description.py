"""The description and the code are held to one another, both ways: by the routes, and by thousands of odd calls."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks as openapi_checks
from sqlalchemy import delete, func, select, update
from werkzeug.routing import Rule

from identity_provider.adapters.memory import ManualClock
from identity_provider.api.description import DOCUMENT
from identity_provider.db import db, transaction
from identity_provider.domain.awards import Qualification
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.models import Award, Client, User
from identity_provider.services import awards, service_uses, trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.services.awards import Awarded
from identity_provider.services.person_json import in_api
from tests.api.callers import ALL, Caller, a_caller
from tests.builders import NOW, a_client, a_user
from tests.kit.page import Browser

METHODS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = [(method, path) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS]
CALLS_EACH = 20
SEED = 20260302

# These two look for what the description does not promise: HTTP methods and resources over several calls.
NOT_FOR_ONE_CALL = [openapi_checks.ensure_resource_availability, openapi_checks.use_after_free]

_NAMES = st.text(string.ascii_letters + "äéłß'- ", min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
_ADDRESSES = st.from_regex(r"[a-z]{1,20}(\.[a-z]{1,20})?@[a-z]{1,20}\.(com|org)", fullmatch=True)
schemathesis.openapi.format("name", _NAMES)
schemathesis.openapi.format("middle-name", st.one_of(st.just(""), _NAMES))
schemathesis.openapi.format("email", _ADDRESSES)
schemathesis.openapi.format("past-date", st.dates(date(1900, 1, 1), NOW.date()).map(str))


def rules(app: Flask) -> list[Rule]:
    """The routes that stand in for operations: all but the description's own."""
    own = {"api.document", "api.page"}
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/") and rule.endpoint not in own]


def described_path(rule: Rule) -> str:
    """The route's path as the description writes it."""
    named = {"user_id": "{userId}", "provider_reference": "{providerReference}"}
    return re.sub(r"<(\w+)>", lambda found: named[found[1]], rule.rule.removeprefix("/api/v1"))


def test_every_route_is_described_and_every_description_has_its_route(app: Flask) -> None:
    routed = {
        (method.lower(), described_path(rule))
        for rule in rules(app)
        for method in rule.methods or ()
        if method.lower() in METHODS
    }
    assert routed == set(OPERATIONS)


def test_the_scopes_are_the_ones_that_are_asked_for(app: Flask) -> None:
    for rule in rules(app):
        path = described_path(rule)
        for method in METHODS & {each.lower() for each in rule.methods or ()}:
            described = {scope for way in DOCUMENT["paths"][path][method]["security"] for scope in way["service"]}
            assert described == set(getattr(app.view_functions[rule.endpoint], "scopes", ())), rule
    offered = DOCUMENT["components"]["securitySchemes"]["service"]["flows"]["clientCredentials"]["scopes"]
    assert set(offered) == set(ALL)


def test_a_person_has_the_described_keys(app: Flask) -> None:
    schemas = DOCUMENT["components"]["schemas"]
    told = in_api(a_user(), a_client())
    assert set(told) == set(schemas["User"]["properties"]) == set(schemas["User"]["required"])
    assert schemas["User"]["properties"]["trnLookupStatus"]["enum"] == [each.value for each in LookupStatus]


def test_the_description_is_served_where_it_is_looked_for(app: Flask) -> None:
    for address in ("/api/openapi.json", "/api/v1/openapi.json"):
        answer = app.test_client().get(address)
        assert (answer.status_code, answer.json) == (200, DOCUMENT)


@pytest.fixture(scope="module")
def schema(_app: Flask) -> BaseSchema:
    """Read once: schemathesis looks for constants to try in the whole source of the application."""
    # NUL is refused wherever it stands, also in properties that are ignored.
    config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False}})
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app=_app, config=config)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as described", "otherwise"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_call_answers_as_described(
    app: Flask, schema: BaseSchema, clock: ManualClock, method: str, path: str, mode: GenerationMode
) -> None:
    """What fits the description is done, what does not is refused, and every answer is one that is described."""
    clock.advance(timedelta(minutes=2))
    operation = schema[path][method.upper()]
    call = _calling(a_caller(app), there=mode is GenerationMode.POSITIVE)
    every = settings(
        max_examples=CALLS_EACH,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(SEED)(every(given(operation.as_strategy(mode))(call)))()


def _calling(caller: Caller, *, there: bool) -> Callable[..., None]:
    """Make the call as `caller`; about somebody who is there, when the call is to succeed."""

    def call(case: schemathesis.Case[Any]) -> None:
        if there and "userId" in case.path_parameters:
            case.path_parameters["userId"] = str(_somebody_with_an_award(caller, case).id)
        headers = {"Authorization": f"Bearer {caller.token}"}
        case.call_and_validate(headers=headers, excluded_checks=NOT_FOR_ONE_CALL)

    return call


def _somebody_with_an_award(caller: Caller, case: schemathesis.Case[Any]) -> User:
    """They signed in to the service, which recorded an award of theirs with the reference that is to be withdrawn."""
    user = _somebody_without_a_trn()
    service = db.session.get_one(Client, caller.id)
    with transaction():
        db.session.execute(delete(Award))
        service_uses.note(user.id, caller.id, now=NOW)
        if case.operation.path.endswith("/withdrawal"):
            said = Awarded(Qualification.NPQH, "Example Provider", date(2026, 1, 2))
            awards.record(user, str(case.path_parameters["providerReference"]), said, client=service, now=NOW)
    return user


def _somebody_without_a_trn() -> User:
    """Nobody holds a TRN now, or an address that could be sent: odd calls like to repeat themselves."""
    with transaction():
        db.session.execute(update(User).values(email=func.concat(User.id, "@nobody.example")))
        for holder in db.session.scalars(select(User).where(User.trn.is_not(None))):
            trn_links.unlink(holder, pending(LookupReason.NOT_LOOKED_UP), actor=SYSTEM, reason="test", now=NOW)
    return a_user()


def test_the_page_for_people_names_every_call(app: Flask) -> None:
    page = Browser(app).get("/api/docs")
    assert page.h1 == "API for services"
    for method, path in OPERATIONS:
        assert f"{method.upper()} /api/v1{path}" in page.text
