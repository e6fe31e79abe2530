"""A thief in somebody's account: whoever was reached before takes the change back, once, in time, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.links import sign_link
from identity_provider.models import AuditEvent, Contact, ContactChange, OneLoginIdentity, User
from identity_provider.services import accounts, contact_changes, contact_undo, one_login_links, passkeys
from identity_provider.services.audit import SYSTEM
from identity_provider.services.contact_changes import Here
from identity_provider.services.one_login_told import Told
from tests.builders import NOW, a_user
from tests.journeys.contacts import NEW, NUMBER, TAKE_BACK, change, take_back, told, undo_link
from tests.journeys.travel import EMAIL
from tests.kit.authenticator import Authenticator
from tests.kit.owners import Owner
from tests.kit.page import Browser
from tests.services.test_passkeys import added

OVER = "This link can no longer be used"


@pytest.fixture
def intruder(app: Flask) -> Owner:
    """Somebody at a browser that is signed in to Kate's account."""
    return Owner(app, email=EMAIL, last_name="Bush", mobile_number=NUMBER, mobile_verified_at=NOW)


@pytest.fixture
def thief(intruder: Owner) -> Owner:
    """The thief, who had the account moved to an address of theirs."""
    change(intruder, Contact.EMAIL, NEW)
    return intruder


@pytest.fixture
def kate(app: Flask) -> Browser:
    """The owner of the account, signed in nowhere."""
    return Browser(app)


def account_of(intruder: Owner) -> User:
    db.session.rollback()
    return db.session.get_one(User, intruder.person.id, populate_existing=True)


def test_the_old_address_takes_the_account_back_and_throws_the_thief_out(thief: Owner, kate: Browser) -> None:
    page = kate.get(undo_link(EMAIL))
    assert page.h1 == "Do you want to undo the change to your email address?"
    assert account_of(thief).email == NEW, "opening the link changes nothing (attack 32)"
    assert kate.submit(TAKE_BACK).h1 == "The change was undone"
    person = account_of(thief)
    assert (person.email, person.email_verified_at) == (EMAIL, NOW)
    assert thief.get("/account").path == "/account/sign-in"
    assert "contact_put_back" in told(EMAIL)
    assert "contact_put_back" in told(NEW)
    event = db.session.query(AuditEvent).filter_by(action="contact_put_back").one()
    assert (event.before["email"], event.after["email"]) == (NEW, EMAIL)


def test_the_mobile_number_on_record_is_warned_too_and_may_do_the_same(thief: Owner, kate: Browser) -> None:
    take_back(kate, NUMBER)
    assert account_of(thief).email == EMAIL


def test_what_the_thief_changed_afterwards_is_put_back_with_it(thief: Owner, kate: Browser, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=5))
    change(thief, Contact.EMAIL, "third@example.com")
    clock.advance(timedelta(minutes=5))
    change(thief, Contact.MOBILE, "+447700900999")
    clock.advance(timedelta(hours=71))
    thiefs_own = undo_link(NEW)
    take_back(kate, EMAIL)
    person = account_of(thief)
    assert (person.email, person.mobile_number) == (EMAIL, NUMBER)
    assert Browser(thief.app).get(thiefs_own).h1 == OVER, "the thief's own link is dead"


def test_a_link_is_good_once(thief: Owner, kate: Browser) -> None:
    link = undo_link(EMAIL)
    kate.get(link)
    other = Browser(thief.app)
    other.get(link)
    kate.submit(TAKE_BACK)
    page = other.submit(TAKE_BACK)
    assert (page.status, page.h1) == (410, OVER)
    assert kate.get(link).h1 == OVER


def test_of_two_at_the_same_moment_one_takes_it_back(app: Flask, thief: Owner) -> None:
    change_id = db.session.query(ContactChange).one().id
    db.session.remove()
    start, done = Barrier(2), list[str]()

    def press() -> None:
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    contact_undo.put_back(change_id, now=NOW)
                done.append("taken back")
            except IllegalMove:
                done.append("too late")

    presses = [Thread(target=press) for _ in range(2)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert sorted(done) == ["taken back", "too late"]


def test_after_72_hours_it_is_too_late(thief: Owner, kate: Browser, clock: ManualClock) -> None:
    link = undo_link(EMAIL)
    kate.get(link)
    clock.advance(contact_changes.REVERSIBLE_FOR)
    assert kate.submit(TAKE_BACK).status == 410
    assert account_of(thief).email == NEW


def test_links_of_another_kind_or_of_nobody_do_nothing(thief: Owner, kate: Browser) -> None:
    row = db.session.query(ContactChange).one()
    until = row.reversible_until
    content = {contact_undo.CHANGE_ID: str(row.id)}
    strange = {contact_undo.CHANGE_ID: str(thief.person.id)}
    tokens = (
        sign_link("resume", content, until=until),
        sign_link(contact_undo.PURPOSE, strange, until=until),
        str(row.id),
        "x",
    )
    for token in tokens:
        assert kate.get(f"/account/put-back/{token}").status == 410
        assert kate.post(f"/account/put-back/{token}").status in {400, 410}
    assert account_of(thief).email == NEW


def test_case_23_the_button_of_another_site_takes_nothing_back(thief: Owner, kate: Browser) -> None:
    link = undo_link(EMAIL)
    kate.get(link)
    assert kate.post(link, token=False).status == 400
    assert account_of(thief).email == NEW


def test_an_address_that_has_an_account_by_now_locks_the_stolen_one(thief: Owner, kate: Browser) -> None:
    a_user(email=EMAIL)
    assert take_back(kate, EMAIL).h1 == "Your account is locked"
    person = account_of(thief)
    assert (person.email, person.is_live) == (NEW, False)
    assert thief.get("/account").path == "/account/sign-in"


def test_a_passkey_that_the_thief_made_opens_nothing_and_an_older_one_does(intruder: Owner, kate: Browser) -> None:
    own, planted = added(intruder.person, Authenticator()), added(intruder.person, Authenticator())
    assert own is not None
    assert planted is not None
    with transaction():
        own.created_at = NOW - timedelta(days=2)
    change(intruder, Contact.EMAIL, NEW)
    take_back(kate, EMAIL)
    assert [each.id for each in passkeys.of(account_of(intruder))] == [own.id]


def connected(person: User, subject: str) -> OneLoginIdentity:
    """A One Login that opens the account."""
    with transaction():
        told = Told("https://one-login.example/", subject, f"{subject}@example.com")
        return one_login_links.connect(accounts.held(person.id), told, now=NOW)


def test_a_one_login_that_the_thief_connected_opens_nothing_and_an_older_one_does(
    intruder: Owner, kate: Browser
) -> None:
    own, planted = connected(intruder.person, "kate"), connected(intruder.person, "thief")
    with transaction():
        own.linked_at = NOW - timedelta(days=2)
    change(intruder, Contact.EMAIL, NEW)
    take_back(kate, EMAIL)
    assert [each.id for each in one_login_links.connections_of(account_of(intruder))] == [own.id]
    assert one_login_links.identity_of(planted.issuer, planted.subject) is None


def test_no_key_of_an_account_that_the_thief_made_part_of_it_opens_anything(intruder: Owner, kate: Browser) -> None:
    theirs = a_user(email="thief@example.com")
    planted, passkey = connected(theirs, "thief"), added(theirs, Authenticator())
    assert passkey is not None
    with transaction():
        planted.linked_at = passkey.created_at = NOW - timedelta(days=9)
        accounts.become_part_of(theirs, accounts.held(intruder.person.id), actor=SYSTEM, reason="one person", now=NOW)
    change(intruder, Contact.EMAIL, NEW)
    take_back(kate, EMAIL)
    assert one_login_links.connections_of(account_of(intruder)) == []
    assert passkeys.of(account_of(intruder)) == []


def test_a_locked_account_gets_its_address_back_and_stays_locked(thief: Owner, kate: Browser) -> None:
    with transaction():
        accounts.lock(accounts.held(thief.person.id), actor=SYSTEM, reason="stolen", now=NOW)
    take_back(kate, EMAIL)
    person = account_of(thief)
    assert (person.email, person.locked_at) == (EMAIL, NOW)


def test_a_mobile_number_is_put_back_and_none_at_all_too(app: Flask, kate: Browser) -> None:
    owner = Owner(app, email=EMAIL)
    change(owner, Contact.MOBILE, NUMBER)
    take_back(kate, EMAIL)
    assert account_of(owner).mobile_number is None
    assert owner.get("/account").path == "/account/sign-in"


def test_what_is_merged_or_erased_is_not_taken_back(thief: Owner, kate: Browser) -> None:
    link = undo_link(EMAIL)
    survivor = a_user()
    with transaction():
        accounts.held(thief.person.id).merged_into_id = survivor.id
    assert kate.get(link).status == 410


def test_the_same_number_again_is_no_change_that_could_be_taken_back(intruder: Owner) -> None:
    with transaction():
        person = accounts.held(intruder.person.id)
        contact_changes.set_mobile(person, NUMBER, Here(intruder.session.id, "en"), now=NOW)
    assert db.session.query(ContactChange).count() == 0


def test_case_57_the_link_is_not_written_into_the_log(
    thief: Owner, kate: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    link = undo_link(EMAIL)
    kate.get(link)
    kate.submit(TAKE_BACK)
    written = capsys.readouterr().out
    assert "path=/account/put-back/<token>" in written
    assert link.rpartition("/")[2] not in written


def test_case_28_the_tries_that_are_left_do_not_tell_that_a_new_address_is_anothers(app: Flask) -> None:
    a_user(email="taken@example.com")
    texts = set()
    for address in ("taken@example.com", NEW):
        owner = Owner(app)
        owner.get("/account/email")
        owner.submit(email=address)
        for _ in range(2):
            owner.submit(code="000000")
        owner.post("/account/email/code/again")
        owner.get("/account/email/code")
        pages = [owner.submit(code="000000") for _ in range(3)]
        texts.add(tuple(page.text.replace(address, "-") for page in pages))
    assert len(texts) == 1
