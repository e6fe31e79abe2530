"""Features are switched while the service runs, for all or for one service, and each switch is asked somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import FEATURES, Feature
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.services import features
from identity_provider.services.audit import SYSTEM
from identity_provider.services.changes import FEATURE_SWITCHES, changes
from tests.builders import a_client
from tests.console.agents import audited

SOURCES = Path(__file__).parents[2]


def switch(feature: Feature, *, on: bool, client: Client | None = None) -> None:
    with transaction():
        features.switch(feature, on=on, reason="a test", actor=SYSTEM, now=ports().clock.now(), client=client)


@pytest.mark.parametrize("feature", list(Feature))
def test_every_feature_is_on_until_it_is_switched_off_and_again_afterwards(app: Flask, feature: Feature) -> None:
    assert features.is_on(feature) is FEATURES[feature].default
    switch(feature, on=False)
    assert features.is_on(feature) is False
    switch(feature, on=True)
    assert features.is_on(feature) is True


@pytest.mark.parametrize("feature", list(Feature))
def test_every_feature_is_asked_by_something_that_runs(feature: Feature) -> None:
    asked = re.compile(rf"is_on\(\s*Feature\.{feature.name}\b")
    folders = ("identity_provider", "support_console")
    assert any(asked.search(each.read_text()) for folder in folders for each in (SOURCES / folder).rglob("*.py"))


def test_a_service_has_its_own_way_until_it_does_as_the_rest_again(app: Flask) -> None:
    ours, other = a_client(), a_client()
    switch(Feature.TRN_TOKENS, on=False, client=ours)
    assert (features.is_on(Feature.TRN_TOKENS, ours), features.is_on(Feature.TRN_TOKENS, other.id)) == (False, True)
    switch(Feature.TRN_TOKENS, on=False)
    switch(Feature.TRN_TOKENS, on=True, client=ours)
    assert (features.is_on(Feature.TRN_TOKENS, ours), features.is_on(Feature.TRN_TOKENS, other)) == (True, False)
    with transaction():
        features.follow_general(Feature.TRN_TOKENS, ours, reason="over", actor=SYSTEM, now=ports().clock.now())
    assert features.is_on(Feature.TRN_TOKENS, ours) is False
    assert len(audited("feature_switch_removed")) == 1


def test_each_switch_is_written_down_with_what_was_before(app: Flask) -> None:
    switch(Feature.ACCOUNT, on=False)
    switch(Feature.ACCOUNT, on=True)
    first, second = audited("feature_switched")
    assert (first.before, first.after["is_on"], first.reason) == ({}, False, "a test")
    assert (second.before["is_on"], second.after["is_on"], second.subject_id) == (False, True, "account")


def test_nothing_is_switched_without_a_reason_or_for_a_service_where_there_are_none(app: Flask) -> None:
    now = ports().clock.now()
    with pytest.raises(IllegalMove), transaction():
        features.switch(Feature.ACCOUNT, on=False, reason=" ", actor=SYSTEM, now=now)
    with pytest.raises(IllegalMove), transaction():
        features.switch(Feature.ACCOUNT, on=False, reason="x", actor=SYSTEM, now=now, client=a_client())
    with pytest.raises(IllegalMove), transaction():
        features.follow_general(Feature.TRN_TOKENS, a_client(), reason="x", actor=SYSTEM, now=now)


def test_a_switch_that_another_process_turned_is_heard_of(app: Flask) -> None:
    """Written past the session, as another process would: the table's own trigger has to tell."""
    assert features.is_on(Feature.ACCOUNT) is True
    assert changes().listening.wait(120)
    stamp = changes().stamp(FEATURE_SWITCHES)
    with db.engine.begin() as apart:
        apart.execute(
            text("INSERT INTO feature_switches VALUES ('account', '', false, 'elsewhere', 'system:test', now())")
        )
    for _ in range(2_400):
        if changes().stamp(FEATURE_SWITCHES) != stamp:
            break
        changes().listening.wait(0)
        db.session.execute(text("SELECT pg_sleep(0.05)"))
    assert features.is_on(Feature.ACCOUNT) is False
