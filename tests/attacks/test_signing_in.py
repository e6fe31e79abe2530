"""Attacks on signing in (design page oidc.md, cases 23 to 32 and 35): forms, sessions, codes and mailboxes."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.models import AuthorizationRequest, BrowserSession, Grant, Journey, OutboxMessage, SentCode, User
from identity_provider.services import browser_sessions, rate_limits
from tests.builders import a_user
from tests.console.agents import Agent, totp
from tests.console.agents import newest_code as staff_code
from tests.journeys.travel import EMAIL, Traveller, codes_sent_to, count_of, newest_code, wrong_code
from tests.kit.page import Browser
from tests.kit.provider import a_browser_of, a_relying_party

VICTIM = "victim@example.org"


@pytest.mark.parametrize("token", ["", "0" * 64, "not-hex", "é"])
def test_23_a_form_that_we_did_not_give_this_browser_changes_nothing(app: Flask, token: str) -> None:
    """Case 23: email, code, an answer, and signing out; RFC 6749 10.12."""
    person = Traveller(app)
    person.set_out()
    pages = [(person.step("email"), {"email": VICTIM})]
    person.submit(email=EMAIL)
    pages.append((person.step("code"), {"code": newest_code(EMAIL)}))
    pages += [(person.step("name"), {"first_name": "A", "last_name": "B"}), ("/connect/signout/confirm", {})]
    for path, fields in pages:
        page = person.post(path, token=False, csrf_token=token, **fields)
        assert page.status == 400, path
    assert (person.journey.email, person.journey.email_proved_at) == (EMAIL, None)
    assert codes_sent_to(VICTIM) == 0


def test_23_a_token_of_another_browser_or_of_before_the_sign_in_is_none(app: Flask) -> None:
    """Case 23: bound to the browser and to the session."""
    attacker, victim = Traveller(app, "a" * 43), Traveller(app, "v" * 43)
    attacker.set_out()
    theirs = attacker.here.form().values["csrf_token"][0]
    victim.set_out()
    before = victim.here.form().values["csrf_token"][0]
    assert victim.post(victim.step("email"), token=False, csrf_token=theirs, email=VICTIM).status == 400
    a_user(email=EMAIL)
    victim.get(victim.step("email"))
    here = victim.prove().path
    assert session_secret(victim)
    assert victim.post(here, token=False, csrf_token=before, has="no").status == 400
    assert victim.post(here, has="no").status == 200


def test_24_nobody_is_put_into_a_journey_that_somebody_else_began(app: Flask) -> None:
    """Case 24, login CSRF: the attacker's journey is bound to the attacker's browser, its code useless elsewhere."""
    attacker, victim = Traveller(app, "a" * 43), Traveller(app, "v" * 43)
    attacker.set_out()
    attacker.submit(email=EMAIL)
    code = newest_code(EMAIL)
    victim.set_out()
    token = victim.here.form().values["csrf_token"][0]
    page = victim.post(attacker.step("code"), token=False, csrf_token=token, code=code)
    assert page.status in {400, 403, 404, 410}
    assert count_of(BrowserSession) == 0


def test_25_a_secret_that_was_planted_or_known_before_opens_nothing_afterwards(app: Flask, clock: ManualClock) -> None:
    """Case 25, session fixation: at login, at a fresh proof and at sign-out; the old id is dead on the server."""
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.client.set_cookie("session", "p" * 43)
    person.set_out()
    person.prove()
    secrets = ["p" * 43, session_secret(person)]
    clock.advance(timedelta(minutes=1))
    person.set_out(prompt="login")
    person.prove()
    secrets.append(session_secret(person))
    assert len(set(secrets)) == 3
    assert [browser_sessions.find(each, now=clock.now()) is not None for each in secrets] == [False, False, True]
    person.get("/connect/signout")
    person.submit()
    assert browser_sessions.find(secrets[2], now=clock.now()) is None
    assert count_of(BrowserSession, BrowserSession.user_id == user.id, BrowserSession.ended_at.is_(None)) == 0


def session_secret(person: Traveller) -> str:
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    return str(cookie.value)


def test_26_what_is_in_a_cookie_is_in_no_row(app: Flask) -> None:
    """Case 26: whoever reads the database can be nobody; signing out ends the row."""
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    secret = session_secret(person).encode()
    row = db.session.query(BrowserSession).one()
    assert all(secret not in repr(value).encode() for value in vars(row).values())


def test_27_a_journey_that_is_done_gives_no_second_code(app: Flask) -> None:
    """Case 27: it leads to where the service begins."""
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    assert "code=" in (person.here.location or "")
    again = person.get(person.answer_path)
    assert "code=" not in (again.location or "")
    assert count_of(Grant) == 1
    assert Traveller(app, "o" * 43).get(person.answer_path).status == 404


def as_seen(html: str) -> str:
    """The page without what differs from one journey to the next."""
    return re.sub(r"[0-9a-f]{64}|[0-9a-f-]{36}|[a-z]+@example\.org|value=\"[0-9]{6}\"", "", html)


def test_28_nobody_learns_whether_an_address_is_known(app: Flask) -> None:
    """Case 28: the same page and status for address and code; the mail goes by the worker, for either."""
    a_user(email="known@example.org")
    seen = []
    for number, address in enumerate(["known@example.org", "stranger@example.org"]):
        person = Traveller(app, secret=f"{number}" * 43)
        person.set_out()
        page = person.submit(email=address)
        refused = person.submit(code=wrong_code(address))
        seen.append([page.status, as_seen(page.response.text), refused.status, as_seen(refused.response.text)])
        seen[-1].append(codes_sent_to(address))
    assert seen[0] == seen[1]


def test_29_five_guesses_and_the_code_is_dead(app: Flask) -> None:
    """Case 29: NIST 800-63B 5.2.2; the right one is refused as the wrong ones were."""
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    right = newest_code(EMAIL)
    said = [person.post(person.step("code"), code=wrong_code(EMAIL)) for _ in range(5)]
    last = person.post(person.step("code"), code=right)
    assert {page.status for page in (*said, last)} == {422}
    assert person.journey.email_proved_at is None


def test_29_guesses_are_limited_over_all_codes_and_journeys(app: Flask) -> None:
    """Case 29: 429 with Retry-After once an address was guessed at too often, however many codes were sent."""
    statuses: list[int] = []
    person = Traveller(app)
    for number in range(rate_limits.GUESSES_PER_ADDRESS.count // 5 + 1):
        person = Traveller(app, secret=f"{number:043}")
        person.set_out()
        if person.submit(email=EMAIL).status == 429:
            break
        statuses += [person.post(person.step("code"), code=wrong_code(EMAIL)).status for _ in range(5)]
    assert person.here.status == 429 or 429 in statuses
    assert int(person.here.response.headers["Retry-After"]) > 0
    assert Counter(statuses)[422] <= rate_limits.GUESSES_PER_ADDRESS.count


def test_30_a_code_that_is_sent_twice_at_once_signs_in_once(app: Flask) -> None:
    """Case 30: one atomic UPDATE."""
    user_id = a_user(email=EMAIL, trn="1234567").id
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code, token = newest_code(EMAIL), person.here.form().values["csrf_token"][0]

    def post(_: int) -> int:
        tab = app.test_client()
        tab.set_cookie("browser", person.secret)
        with app.app_context():
            return tab.post(person.step("code"), data={"csrf_token": token, "code": code}).status_code

    db.session.remove()
    with ThreadPoolExecutor(max_workers=2) as tabs:
        statuses = list(tabs.map(post, range(2)))
    assert Counter(statuses)[303] == 1
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1
    assert count_of(BrowserSession, BrowserSession.user_id == user_id) == 1


def test_30_a_code_of_an_authenticator_is_good_once(app: Flask) -> None:
    """Case 30: RFC 6238 5.2, also in another browser."""
    agent = Agent(app)
    agent.sign_in()
    thief = Browser(app)
    thief.get("/support/sign-in")
    thief.submit(email=agent.member.email)
    thief.submit(code=staff_code(agent.member.email))
    assert thief.submit(code=totp()).status == 422


def test_31_a_mailbox_is_not_flooded_and_carries_no_words_of_a_stranger(app: Flask, clock: ManualClock) -> None:
    """Case 31: from any number of browsers; nothing that was typed stands in the mail."""
    person = Traveller(app)
    for number in range(rate_limits.CODES_PER_ADDRESS_IN_ALL.count + 5):
        person = Traveller(app, secret=f"{number:043}")
        person.set_out(state="Call 0800 000 to win", login_hint="Call 0800 000 to win")
        person.submit(email=VICTIM)
    assert codes_sent_to(VICTIM) <= rate_limits.CODES_PER_ADDRESS_IN_ALL.count
    assert person.here.status == 429
    for message in db.session.query(OutboxMessage).where(OutboxMessage.recipient == VICTIM):
        assert "0800" not in str(message.payload)


def test_32_opening_a_page_or_a_link_never_proves_anything(app: Flask) -> None:
    """Case 32: mail scanners and previews; every proof is a POST."""
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    for method in ("get", "head", "options"):
        getattr(person.client, method)(person.step("code"), query_string={"code": newest_code(EMAIL)})
    assert person.journey.email_proved_at is None
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 0


def test_35_an_address_that_was_not_proved_joins_nothing(app: Flask, register: MemoryRegister) -> None:
    """Case 35: neither the name nor a claimed address leads to an account; its owner's code does."""
    victim = a_user(email=VICTIM, first_name="Kate", last_name="Bush", trn="1234567")
    attacker = Traveller(app)
    attacker.set_out(login_hint=VICTIM)
    attacker.submit(email=VICTIM)
    attacker.click("Use a different email address")
    attacker.prove()
    attacker.say_who()
    assert attacker.journey.user_id != victim.id
    assert count_of(BrowserSession, BrowserSession.user_id == victim.id) == 0


def test_35_a_subject_never_changes_and_is_never_given_again(app: Flask) -> None:
    """Case 35: OpenID Connect Core 5.7; another address is the same person, and a merged one is named as before."""
    service = a_relying_party(app, scope="openid email")
    person = a_user(email=EMAIL)
    before = service.finish(a_browser_of(app, person).get((asked := service.ask()).path).location, asked)
    with transaction():
        db.session.merge(person).email = "other@example.org"
    after = service.finish(a_browser_of(app, person).get((asked := service.ask()).path).location, asked)
    assert (before.claims["sub"], after.userinfo["email"]) == (after.claims["sub"], "other@example.org")
    assert a_user(email=EMAIL).id != person.id


def test_22_a_request_alone_makes_nothing_but_a_journey(app: Flask) -> None:
    """Case 22: no account, no session, no grant."""
    app.test_client().get(a_relying_party(app).ask().path)
    assert [count_of(each) for each in (AuthorizationRequest, Journey, User, BrowserSession, Grant)] == [1, 1, 0, 0, 0]
