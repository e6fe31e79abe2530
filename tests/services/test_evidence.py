"""Evidence from its arrival to its end: what waits, what is shown, what goes, and what is never left lying about."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.memory_evidence import MemoryCleaner
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import CleanedFile, EvidenceRefused, EvidenceState, Refusal
from identity_provider.models import AuditEvent, Evidence, User
from identity_provider.ports import StoreUnavailable
from identity_provider.queue import defer
from identity_provider.services import audit, erasure, evidence, subject_access
from identity_provider.services.audit import SYSTEM, Actor
from tests.builders import NOW, a_staff_user, a_user
from tests.kit.listening import listening
from tests.kit.outside import OutsideWorld
from tests.test_jobs import work

PHOTO = b"\xff\xd8\xff the passport of Kate Bush"
EICAR = b"\xff\xd8\xff X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def sent(user: User, outside: OutsideWorld, content: bytes = PHOTO, name: str = "passport.jpg") -> UUID:
    kept = evidence.take_in(content, name, cleaner=MemoryCleaner(), store=outside.store)
    with transaction():
        return evidence.receive(user, kept, now=outside.clock.now()).id


def row_of(evidence_id: UUID) -> Evidence:
    db.session.remove()
    return db.session.get_one(Evidence, evidence_id)


def seen(evidence_id: UUID, outside: OutsideWorld, actor: Actor = SYSTEM) -> bytes:
    db.session.remove()
    return evidence.contents(evidence_id, outside.store, actor=actor, now=outside.clock.now())[0]


def test_a_file_waits_until_the_scanner_has_looked_at_it_and_is_then_shown(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside)
    assert row_of(photo).state is EvidenceState.WAITING
    with pytest.raises(evidence.EvidenceNotShown):
        seen(photo, outside)
    work()
    assert row_of(photo).state is EvidenceState.CLEAN
    assert seen(photo, outside) == PHOTO


def test_while_the_scanner_is_down_the_file_waits_and_nobody_calls_it_clean(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside)
    outside.scanner.down = True
    work()
    assert row_of(photo).state is EvidenceState.WAITING
    outside.scanner.down = False
    work()
    assert row_of(photo).state is EvidenceState.CLEAN


def test_an_infected_file_is_gone_from_the_store_at_once_and_shown_to_nobody(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside, EICAR)
    work()
    work()
    row = row_of(photo)
    assert (row.state, row.deleted_at, row.original_name) == (EvidenceState.INFECTED, NOW, "")
    assert outside.store.kept == {}
    with pytest.raises(evidence.EvidenceNotShown):
        seen(photo, outside)


def test_who_listens_hears_of_each_verdict_once(app: Flask, outside: OutsideWorld) -> None:
    with listening() as heard:
        photo = sent(a_user(), outside)
        sent(a_user(), outside, EICAR)
        work()
        db.session.remove()
        evidence.judge(photo, outside.store, outside.scanner, now=outside.clock.now)
    assert sorted(heard) == ["clean", "infected"]


def test_what_lies_in_the_store_is_sealed_under_a_name_that_says_nothing(app: Flask, outside: OutsideWorld) -> None:
    user = a_user()
    sent(user, outside)
    [(key, content)] = outside.store.kept.items()
    assert b"passport" not in content
    assert str(user.id) not in key
    stored = db.session.execute(text("SELECT evidence::text FROM evidence")).scalar_one()
    assert "passport" not in stored
    assert b"passport".hex() not in stored


def test_one_file_cannot_be_put_in_the_place_of_another(app: Flask, outside: OutsideWorld) -> None:
    one, other = sent(a_user(), outside), sent(a_user(), outside)
    work()
    keys = [row_of(one).storage_key, row_of(other).storage_key]
    outside.store.kept[keys[0]] = outside.store.kept[keys[1]]
    with pytest.raises(StoreUnavailable):
        seen(one, outside)


def test_when_the_store_fails_the_person_is_told_and_no_row_is_made(app: Flask, outside: OutsideWorld) -> None:
    user = a_user()
    outside.store.down = True
    with pytest.raises(EvidenceRefused) as refused:
        sent(user, outside)
    assert refused.value.reason is Refusal.TRY_AGAIN_LATER
    assert db.session.query(Evidence).count() == 0


def test_a_person_may_send_thirty_files_an_hour_and_others_are_not_hindered(app: Flask, clock: ManualClock) -> None:
    eager, other = a_user(), a_user()
    for _number in range(30):
        evidence.allow_another(eager, now=clock.now())
    with pytest.raises(EvidenceRefused) as refused:
        evidence.allow_another(eager, now=clock.now())
    assert refused.value.reason is Refusal.TOO_MANY
    evidence.allow_another(other, now=clock.now())
    evidence.allow_another(eager, now=clock.now() + timedelta(hours=1))


def test_nobody_holds_a_connection_to_the_database_while_a_file_is_cleaned(app: Flask, outside: OutsideWorld) -> None:
    class Watching(MemoryCleaner):
        def clean(self, content: bytes, media_type: str) -> CleanedFile:
            assert not db.session().in_transaction()
            return super().clean(content, media_type)

    user = a_user()
    db.session.refresh(user)
    assert db.session().in_transaction()
    evidence.take_in(PHOTO, "photo.jpg", cleaner=Watching(), store=outside.store)
    assert user.email


def test_while_the_store_is_down_a_file_is_not_judged_and_not_forgotten(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside)
    outside.store.down = True
    db.session.remove()
    with pytest.raises(StoreUnavailable):
        evidence.judge(photo, outside.store, outside.scanner, now=outside.clock.now)
    outside.store.down = False
    work()
    assert row_of(photo).state is EvidenceState.CLEAN


def test_a_verdict_cannot_be_given_twice(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside, EICAR)
    work()
    with pytest.raises(IllegalMove):
        row_of(photo).judge(EvidenceState.CLEAN, NOW)


def test_every_view_is_written_down_with_who_saw_which_file(app: Flask, outside: OutsideWorld) -> None:
    user, reviewer = a_user(), a_staff_user()
    photo = sent(user, outside)
    work()
    seen(photo, outside, Actor.of(reviewer))
    seen(photo, outside, Actor.of(reviewer))
    views = db.session.query(AuditEvent).filter_by(action="evidence_viewed").all()
    assert [(each.actor_id, each.subject_id, each.after["evidence"]) for each in views] == [
        (str(reviewer.id), str(user.id), str(photo))
    ] * 2


def test_a_view_that_cannot_be_written_down_does_not_happen(
    app: Flask, outside: OutsideWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = sent(a_user(), outside)
    work()

    def full(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(audit, "record", full)
    with pytest.raises(OSError, match="no room"):
        seen(photo, outside)


@pytest.mark.parametrize("after, kept", [(timedelta(days=89, hours=23), True), (timedelta(days=90), False)])
def test_what_nobody_decides_goes_after_ninety_days(
    app: Flask, outside: OutsideWorld, clock: ManualClock, after: timedelta, kept: bool
) -> None:
    photo = sent(a_user(), outside)
    work()
    clock.advance(after)
    time_passes()
    row = row_of(photo)
    assert (row.state is EvidenceState.CLEAN, row.deleted_at is None, bool(outside.store.kept)) == (kept, kept, kept)


def test_what_was_decided_goes_when_it_was_said_to(app: Flask, outside: OutsideWorld, clock: ManualClock) -> None:
    photo = sent(a_user(), outside)
    work()
    with transaction():
        evidence.keep_until(photo, NOW + timedelta(days=30))
    clock.advance(timedelta(days=29))
    time_passes()
    assert seen(photo, outside) == PHOTO
    clock.advance(timedelta(days=1))
    time_passes()
    assert (row_of(photo).state, row_of(photo).deleted_at) == (EvidenceState.GONE, clock.now())
    assert outside.store.kept == {}


def time_passes() -> None:
    """What the worker's clockwork does every five minutes, and what comes of it."""
    db.session.remove()
    with transaction():
        defer("see_to_evidence", timestamp="0")
    work()
    work()


def test_what_is_deleted_is_shown_to_nobody_even_while_the_store_is_down(app: Flask, outside: OutsideWorld) -> None:
    photo = sent(a_user(), outside)
    work()
    outside.store.down = True
    with transaction():
        evidence.delete(photo, NOW)
    work()
    assert (row_of(photo).state, row_of(photo).deleted_at) == (EvidenceState.GONE, None)
    with pytest.raises(evidence.EvidenceNotShown):
        seen(photo, outside)
    outside.store.down = False
    work()
    assert row_of(photo).deleted_at == NOW
    assert outside.store.kept == {}


def test_a_file_that_waits_without_a_job_is_seen_to(app: Flask, outside: OutsideWorld, clock: ManualClock) -> None:
    photo = sent(a_user(), outside)
    with transaction():
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
    clock.advance(evidence.LEFT_BEHIND * 2)
    time_passes()
    assert row_of(photo).state is EvidenceState.CLEAN


def test_erasing_a_person_deletes_their_files_and_what_they_called_them(app: Flask, outside: OutsideWorld) -> None:
    user = a_user()
    photo = sent(user, outside)
    work()
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    work()
    row = row_of(photo)
    assert (row.state, row.name_sealed, row.sha256) == (EvidenceState.GONE, None, None)
    assert outside.store.kept == {}


def test_an_export_tells_which_files_there_are(app: Flask, outside: OutsideWorld) -> None:
    user = a_user()
    sent(user, outside, name="my passport.JPEG")
    [told] = subject_access.everything_about(user, now=NOW)["evidence"]
    assert (told["name"], told["state"], told["media_type"]) == ("my passport.jpg", "waiting", "image/jpeg")
    assert "storage_key" not in told
