"""Staff make two accounts one while the person proves in a journey that both are theirs."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.authentication import BY_CODE
from identity_provider.kit.app import ports
from identity_provider.models import Journey, StaffUser, User
from identity_provider.services import browser_sessions, merging
from identity_provider.services.merging import Choice
from tests.builders import a_client, a_staff_user, a_user
from tests.journeys.travel import Traveller
from tests.kit.second_party import SecondParty, just_before

OLD, NEW = "old@example.com", "new@example.com"
IDS = (UUID(int=1), UUID(int=2))


def at_the_choice(app: Flask, holder: User, mine: User) -> Traveller:
    """Signed in to `mine`, having proved the address of the record's holder too: which address is to stay?"""
    person, now = Traveller(app), ports().clock.now()
    person.set_out(a_client())
    with transaction():
        journey = db.session.get_one(Journey, person.journey_id)
        journey.email, journey.email_proved_at, journey.user_id = mine.email, now, mine.id
        journey.trn_holder_id = journey.other_proved_id = holder.id
        journey.other_proved_address, journey.submitted_at = holder.email, now
        _, secret = browser_sessions.begin(mine, amr=list(BY_CODE), now=now)
    person.client.set_cookie(app.extensions["settings"].cookie_name("session"), secret)
    assert person.get(person.step("choose-email")).path == person.step("choose-email")
    return person


@pytest.mark.parametrize("ids", [IDS, IDS[::-1]])
def test_a_merge_by_staff_and_one_by_the_person_do_not_wait_for_each_other_in_a_circle(
    app: Flask, ids: tuple[UUID, UUID]
) -> None:
    holder, mine = a_user(id=ids[0], trn="1234567", email=OLD), a_user(id=ids[1], email=NEW)
    person, staff_id, now = at_the_choice(app, holder, mine), a_staff_user().id, ports().clock.now()

    def merge() -> None:
        with transaction():
            staff = db.session.get_one(StaffUser, staff_id)
            merging.merge(ids[0], ids[1], Choice(email=OLD, trn="1234567", reason="one person"), staff=staff, now=now)

    agent = SecondParty(app, merge)
    with just_before("FOR UPDATE OF users", agent.go_ahead, nth=2):
        page = person.submit(email=OLD)
    agent.join()
    # Whoever was first has done it, and the other one finds it done.
    assert isinstance(agent.failed, merging.NotMergeable)
    assert page.path != person.step("choose-email")
    db.session.rollback()
    merged = db.session.get_one(User, ids[1], populate_existing=True)
    assert (merged.merged_into_id, merged.is_live) == (ids[0], False)
    assert person.journey.user_id == ids[0]
