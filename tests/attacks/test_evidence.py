"""Evidence over HTTP: links that were stolen, changed or kept too long, and responses that must not act."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.logging import redact
from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.evidence import JPEG, PDF, EvidenceRefused, Refusal, kind_of, shown_name
from identity_provider.kit.evidence_files import LINK_LASTS, signed_url
from identity_provider.kit.links import sign_link
from identity_provider.kit.sandboxed import sandboxed_file
from identity_provider.models import AuditEvent
from identity_provider.services import evidence
from tests.builders import NOW, a_user
from tests.kit.outside import OutsideWorld
from tests.services.test_evidence import EICAR, PHOTO, sent
from tests.test_jobs import work


def a_clean_photo(outside: OutsideWorld) -> UUID:
    photo = sent(a_user(), outside)
    work()
    db.session.remove()
    return photo


def fetched(client: FlaskClient, url: str) -> TestResponse:
    db.session.remove()
    return client.get(url.removeprefix("http://localhost"))


def test_a_link_gives_the_file_for_fifteen_minutes_and_not_a_moment_longer(
    app: Flask, client: FlaskClient, outside: OutsideWorld, clock: ManualClock
) -> None:
    link = signed_url(a_clean_photo(outside), now=clock.now())
    answer = fetched(client, link)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PHOTO, JPEG)
    clock.advance(LINK_LASTS - timedelta(seconds=1))
    assert fetched(client, link).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert fetched(client, link).status_code == 410


def test_a_link_that_was_changed_or_made_for_something_else_gives_nothing(
    app: Flask, client: FlaskClient, outside: OutsideWorld
) -> None:
    mine, another = a_clean_photo(outside), a_clean_photo(outside)
    content, _dot, signature = signed_url(mine, now=NOW).rpartition("/")[2].partition(".")
    others = signed_url(another, now=NOW).rpartition("/")[2].partition(".")[0]
    for_resuming = sign_link("resume", {"file": str(mine)}, until=NOW + timedelta(minutes=5))
    for token in (f"{others}.{signature}", f"{content}.{signature[::-1]}", content, for_resuming, str(mine), "a.b"):
        assert fetched(client, f"/evidence/{token}").status_code == 404, token


def test_a_link_gives_nothing_that_is_not_clean_or_not_there(
    app: Flask, client: FlaskClient, outside: OutsideWorld
) -> None:
    waiting = sent(a_user(), outside)
    assert fetched(client, signed_url(waiting, now=NOW)).status_code == 404
    assert fetched(client, signed_url(uuid4(), now=NOW)).status_code == 404
    infected = sent(a_user(), outside, EICAR)
    work()
    assert fetched(client, signed_url(infected, now=NOW)).status_code == 404
    with transaction():
        evidence.delete(waiting, NOW)
    assert fetched(client, signed_url(waiting, now=NOW)).status_code == 404


def test_each_fetch_is_written_down_and_no_link_stands_in_the_log(
    app: Flask, client: FlaskClient, outside: OutsideWorld
) -> None:
    photo = a_clean_photo(outside)
    link = signed_url(photo, now=NOW)
    fetched(client, link)
    fetched(client, link)
    views = db.session.query(AuditEvent).filter_by(action="evidence_viewed").all()
    assert [(each.actor_id, each.after["evidence"]) for each in views] == [("evidence_link", str(photo))] * 2
    token = link.rpartition("/")[2]
    assert token.rpartition(".")[2] not in redact(f"/evidence/{token}")


def test_while_the_store_is_down_the_dqt_may_come_again(app: Flask, client: FlaskClient, outside: OutsideWorld) -> None:
    link = signed_url(a_clean_photo(outside), now=NOW)
    outside.store.down = True
    answer = fetched(client, link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_what_is_fetched_is_saved_and_never_shown_and_tells_no_name(
    app: Flask, client: FlaskClient, outside: OutsideWorld
) -> None:
    headers = fetched(client, signed_url(a_clean_photo(outside), now=NOW)).headers
    assert headers["Content-Disposition"].startswith('attachment; filename="evidence.jpg"')
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("framed, by", [(False, "'none'"), (True, "'self'")])
def test_what_a_reviewer_sees_can_do_nothing(app: Flask, framed: bool, by: str) -> None:
    with app.test_request_context():
        headers = app.process_response(sandboxed_file(b"%PDF-", PDF, name='a"\r\n\u202eb.exe', framed=framed)).headers
    policy = headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "allow-" not in policy
    assert policy.startswith("default-src 'none';")
    assert policy.endswith(f"frame-ancestors {by}")
    assert headers["X-Frame-Options"] == ("SAMEORIGIN" if framed else "DENY")
    assert headers["Content-Disposition"] == "inline; filename=\"a b.exe.pdf\"; filename*=UTF-8''a%20b.exe.pdf"


def test_nothing_but_a_cleaned_file_is_answered_with() -> None:
    with pytest.raises(ValueError, match="text/html"):
        sandboxed_file(b"<script>", "text/html", name="a.html")


def test_a_page_may_show_frames_of_ours_only_when_it_says_so(app: Flask) -> None:
    with app.test_request_context():
        assert "frame-src" not in app.process_response(app.make_response("")).headers["Content-Security-Policy"]
        g.frames_of_ours = True
        assert "frame-src 'self'" in app.process_response(app.make_response("")).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name, shown",
    [
        ("passport.jpg", "passport.jpg"),
        ("Priodas Siân a Łukasz.JPEG", "Priodas Siân a Łukasz.jpg"),
        ("../../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\kate\\pass port.png", "pass port.jpg"),
        ("passport\0.jpg.exe", "passport.jpg.exe.jpg"),
        ("evil\u202egpj.exe", "evilgpj.exe.jpg"),
        ("a\r\nSet-Cookie: x=y.jpg", "aSet-Cookie x=y.jpg"),
        ('"><script>alert(1)<_script>.jpg', "script alert(1) _script.jpg"),
        ("", "evidence.jpg"),
        ("...", "evidence.jpg"),
        (".jpg", "evidence.jpg"),
        ("\ud800.jpg", "evidence.jpg"),
        ("a" * 5_000 + ".jpg", "a" * 96 + ".jpg"),
    ],
)
def test_hostile_names_become_harmless_ones(name: str, shown: str) -> None:
    assert shown_name(name, JPEG) == shown


def test_each_refusal_has_words_of_its_own() -> None:
    words = {str(EvidenceRefused(each).words) for each in Refusal}
    assert len(words) == len(Refusal)
    with pytest.raises(EvidenceRefused) as refused:
        kind_of(b"", "a.pdf")
    assert str(refused.value.words) == "The selected file is empty"
