"""What runs at every sign-in and every call: how many statements each takes, and that each of them finds its index."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Integer, String, bindparam, event, func, literal_column, select
from sqlalchemy.exc import DataError, OperationalError

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import Grant
from identity_provider.oidc.keys import key_ring
from identity_provider.services import browser_sessions, changes, clients, grant_statements
from identity_provider.services.audit import SYSTEM
from identity_provider.services.direct import Connections, Statement
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

STATEMENTS: dict[str, Statement] = {
    f"{module.__name__.rsplit('.', 1)[1]}.{name}": value
    for module in (grant_statements, browser_sessions)
    for name, value in vars(module).items()
    if isinstance(value, Statement)
}


class Counted:
    """What reached the database: statements that are a transaction each, and those of the ORM's session."""

    def __init__(self) -> None:
        self.direct: list[str] = []
        self.session: list[str] = []

    @property
    def kinds(self) -> list[str]:
        """The first word of each, where a change begins WITH."""
        return [text.split()[0] for text in self.direct]


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    counted = Counted()
    run = Connections.first

    def counted_run(self: Connections, statement: Statement, values: dict[str, Any]) -> Any:
        counted.direct.append(statement.text)
        return run(self, statement, values)

    def note(*arguments: Any) -> None:
        counted.session.append(arguments[2])

    with monkeypatch.context() as patched:
        patched.setattr(Connections, "first", counted_run)
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def service(app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> RelyingParty:
    """A service that the process knows already, as it does after its first request, and keys that have signed."""
    made = a_relying_party(app)
    key_ring().ensure_default(clock.now())
    hear_everything(monkeypatch)
    key_ring().sign({}, "RS256", now=clock.now())
    assert clients.known(made.client_id) is clients.known(made.client_id)
    return made


def hear_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until what was notified so far has arrived."""
    heard, changed = Event(), changes.changes()
    note = changed.note

    def listen(kind: str) -> None:
        if kind == "so far":
            heard.set()
        note(kind)

    assert changed.listening.wait(120)
    with monkeypatch.context() as patched:
        patched.setattr(changed, "note", listen)
        elsewhere(f"NOTIFY {changes.CHANNEL}, 'so far'")
        assert heard.wait(120)


def test_a_sign_in_is_one_read_and_one_change_to_begin_and_one_change_to_end(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, asked = a_browser_of(app, a_user(trn="1234567")), service.ask()
    with counting(monkeypatch) as authorizing:
        answer = browser.get(asked.path)
    with counting(monkeypatch) as redeeming:
        reply = service.redeem(service.code_in(answer.location, asked), asked.verifier)
    assert reply.status == 200
    assert (authorizing.kinds, authorizing.session) == (["SELECT", "WITH"], [])
    assert (redeeming.kinds, redeeming.session) == (["WITH"], [])


def test_a_refresh_is_one_change(app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = service.ask(scope="openid offline_access")
    signed_in = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    with counting(monkeypatch) as counted:
        form = {"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]}
        assert service.token(form).status == 200
    assert (counted.kinds, counted.session) == (["WITH"], [])


def test_userinfo_and_introspection_are_one_read_each_and_documents_none(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = service.ask()
    token = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked).token[
        "access_token"
    ]
    with counting(monkeypatch) as userinfo:
        service.userinfo(token)
    with counting(monkeypatch) as introspection:
        assert service.authenticated("/connect/introspection", {"token": token}).json["active"]
    with counting(monkeypatch) as documents:
        for path in ("/.well-known/openid-configuration", "/.well-known/jwks"):
            assert service.http.call("GET", path).status == 200
    assert (userinfo.kinds, userinfo.session) == (["SELECT"], [])
    assert (introspection.kinds, introspection.session) == (["SELECT"], [])
    assert (documents.direct, documents.session) == ([], [])


def test_a_statement_inside_a_transaction_is_undone_with_it(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app)
    person = a_user()
    with transaction():
        session, _ = browser_sessions.begin(person, amr=["otp"], now=clock.now())

    given = VALUES | {
        "client_id": service.client_id,
        "user_id": person.id,
        "session_id": session.id,
        "code_hmac": uuid4().bytes,
    }
    with pytest.raises(KeyError):
        _undone(given)
    assert db.session.query(Grant).count() == 0
    grant_statements.ISSUE.run(**given)
    db.session.rollback()
    assert db.session.query(Grant).count() == 1


def _undone(given: dict[str, Any]) -> None:
    with transaction():
        grant_statements.ISSUE.run(**given)
        raise KeyError


_MOMENTS = (
    "now",
    "auth_time",
    "code_expires_at",
    "created_at",
    "expires_at",
    "family_expires_at",
    "grace_begins",
    "last_seen_after",
    "next_expires_at",
    "token_expires_at",
)
VALUES: dict[str, Any] = {
    "amr": ["otp"],
    "claims_request": "{}",
    "code_lives": timedelta(seconds=60),
    "hashes": '{"\\\\x00"}',
    "refreshes": True,
    "scope": "openid",
    "redirect_uri": "https://npq.example.org/callback",
    "client_id": "rp-1",
    "challenge": "c" * 43,
    "code_challenge": "c" * 43,
    "nonce": "n",
    **dict.fromkeys(_MOMENTS, NOW),
    **{name: uuid4() for name in ("id", "next_id", "session_id", "token_id", "user_id")},
    **dict.fromkeys(("code_hmac", "next_hmac", "token_hmac"), bytes(32)),
}


TO_ONE_ROW = {
    "pk_browser_sessions",
    "pk_access_tokens",
    "pk_grants",
    "pk_users",
    "uq_access_tokens_token_hmac",
    "uq_browser_sessions_secret_hmac",
    "uq_grants_code_hmac",
    "uq_refresh_tokens_token_hmac",
    "ix_users_merged_into_id",  # to the few who were merged into one
}


TABLES_THAT_GROW = ("access_tokens", "browser_sessions", "grants", "refresh_tokens", "users")


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_hot_statement_goes_from_one_row_to_the_next(app: Flask, service: RelyingParty, name: str) -> None:
    """By a hash or an id, in tables of a million rows for each page that they have here.

    With an index of a service's grants, or of all people who may sign in, it would read all of them each time.
    """
    asked = service.ask(scope="openid offline_access")
    service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)  # a row in each table
    statement = STATEMENTS[name]
    given = {each: VALUES.get(each) for each in statement.parameters} | statement.fixed
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = psycopg.ClientCursor(driver)
        for table in TABLES_THAT_GROW:
            cursor.execute(
                "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s::text,"
                " 'relpages', 1::integer, 'reltuples', 1000000::real)",
                [table],
            )
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.text}", given)
        [[[explained]]] = cursor.fetchall()
    nodes = list(walk(explained["Plan"]))
    assert not [each["Relation Name"] for each in nodes if each["Node Type"] == "Seq Scan"], nodes
    by = {(each["Index Name"], "Index Cond" in each) for each in nodes if "Index Name" in each}
    assert by <= {(index, True) for index in TO_ONE_ROW}
    assert by or name.endswith(("ISSUE", "KEEP_ACCESS_TOKEN"))


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from walk(each)


def test_a_connection_that_the_server_closed_is_not_used_again(app: Flask, service: RelyingParty) -> None:
    """No request pays for a restart of the database in between; nor does one pay for asking beforehand."""
    unknown = {"Authorization": "Bearer gat_unknown"}
    assert service.http.call("GET", "/connect/userinfo", headers=unknown).status == 401
    db.session.remove()
    db.engine.pool.dispose()
    elsewhere("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + OTHERS)  # noqa: S608 -- a constant
    until = time.monotonic() + 120
    while elsewhere("SELECT count(*) FROM pg_stat_activity WHERE " + OTHERS):  # noqa: S608 -- see above
        assert time.monotonic() < until
    assert service.http.call("GET", "/connect/userinfo", headers=unknown).status == 401


OTHERS = "datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'"


def test_a_connection_that_ends_in_the_middle_of_a_statement_is_an_outage_and_is_given_up(app: Flask) -> None:
    suicide = Statement(select(func.pg_terminate_backend(func.pg_backend_pid())))
    with pytest.raises(OperationalError):
        suicide.first()
    assert Statement(select(literal_column("1"))).first() == (1,)


def test_what_the_database_refuses_is_said_in_its_class_and_without_what_was_asked(app: Flask) -> None:
    asked = Statement(select(literal_column("1") / bindparam("number", type_=Integer())))
    for _ in range(2):
        with pytest.raises(DataError, match="division by zero") as refused:
            asked.first(number=0)
        assert refused.value.params is None
    assert asked.first(number=1) == (1,)


def test_a_statement_takes_values_of_other_kinds_from_one_time_to_the_next(app: Flask) -> None:
    """What is prepared is prepared for the kinds of values that were given."""
    said = Statement(select(func.coalesce(bindparam("said", type_=String()), "nothing % at all")))
    assert [said.first(said=each) for each in ("a", None, "b%s", "")] == [
        *(("a",), ("nothing % at all",)),
        *(("b%s",), ("",)),
    ]


def test_what_another_process_changes_is_noticed(app: Flask, service: RelyingParty) -> None:
    """Switched off behind this process's back, as by `flask clients disable` on another machine."""
    asked = service.ask()
    token = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked).token[
        "access_token"
    ]
    before = changes.changes().stamp(changes.CLIENTS)
    elsewhere("UPDATE clients SET disabled_at = now()")
    wait_for_another(before)
    reply = service.http.call("GET", "/connect/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert reply.status == 401
    assert service.token({"grant_type": "client_credentials"}).status == 401


def test_while_nobody_listens_nothing_is_kept(app: Flask, service: RelyingParty) -> None:
    changes.changes().listening.clear()
    try:
        elsewhere("UPDATE clients SET disabled_at = now()")
        assert clients.known(service.client_id).disabled_at is not None  # type: ignore[union-attr]  # it is registered
    finally:
        changes.changes().listening.set()


def test_a_listener_that_lost_its_connection_listens_again_and_trusts_nothing_from_before(
    app: Flask, service: RelyingParty
) -> None:
    before = changes.changes().stamp(changes.CLIENTS)
    elsewhere(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        " AND datname = current_database()"
    )
    wait_for_another(before)
    with transaction():
        clients.disable(clients.find(service.client_id), actor=SYSTEM, now=NOW)  # type: ignore[arg-type]  # it is there
    assert clients.known(service.client_id).disabled_at is not None  # type: ignore[union-attr]  # see above


def elsewhere(statement: str) -> int:
    """Run a statement as another process would, past everything that this one knows of; gives a first number."""
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row else 0


def wait_for_another(before: int | None) -> None:
    """Until this process has heard of a change, and is listening."""
    until = time.monotonic() + 120
    while changes.changes().stamp(changes.CLIENTS) in (None, before):
        assert time.monotonic() < until
        time.sleep(0.01)
