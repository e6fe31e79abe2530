"""The stops of awards: held, shared and withdrawn by the person, and checked by an employer."""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

from identity_provider.adapters.typesetting import NotTypeset
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import Award, Client
from identity_provider.services import award_codes, awards, rate_limits
from identity_provider.services.award_codes import Looking
from identity_provider.web.awards import certificate
from tests.awards.recorded import BORN, a_code, an_award
from tests.builders import NOW, a_user
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"
WHO = Looking("Example College", "Bush")


@shows(*(f"awards/{name}.html" for name in ("held", "award", "share", "shared", "revoke", "no_certificate")))
def an_award_is_shared_and_a_code_ended(world: World) -> None:
    award = an_award(a_user(last_name="Bush"))
    person = world.person(award.user)
    person.get("/account/awards")
    person.get(f"/account/awards/{award.id}")
    person.post(f"/account/awards/{award.id}/email")
    person.get(f"/account/awards/{award.id}/share")
    person.submit(given_to="")
    person.submit(given_to="Example College", lifetime="quarter")
    ended, shown = a_code(award)
    with transaction():
        award_codes.check(shown, BORN, WHO, now=world.clock.now())
        award_codes.check(shown, BORN, Looking(), now=world.clock.now())
    _lock(a_code(award)[1])
    person.get(f"/account/awards/{award.id}/codes/{ended.id}")
    person.submit()
    with patch.object(certificate, "typeset", side_effect=NotTypeset):
        person.get(f"/account/awards/{award.id}/certificate.pdf")
    world.wait(days=31)
    world.person(award.user).get(f"/account/awards/{award.id}")
    world.person(a_user(last_name="Bush")).get("/account/awards")


@shows("awards/award.html", "awards/held.html", "awards/checked.html", "support/users/user.html")
def an_award_is_corrected_and_withdrawn(world: World) -> None:
    award = an_award(a_user(last_name="Bush", date_of_birth=None))
    person = world.person(award.user)
    person.get(f"/account/awards/{award.id}")
    with transaction():
        award.user.date_of_birth = BORN
    _, shown = a_code(award)
    _correct_and_withdraw(award)
    person.get("/account/awards")
    person.get(f"/account/awards/{award.id}")
    _check(world, shown)
    world.agent(StaffRole.VIEWER).get(f"/support/users/{award.user_id}")


@shows("awards/check.html", "awards/checked.html", "awards/checked_too_often.html")
def an_employer_checks_an_award(world: World) -> None:
    award = an_award(a_user(last_name="Bush"))
    _, shown = a_code(award)
    employer = world.visitor()
    employer.get("/check-an-award")
    employer.submit(code="")
    _check(world, shown, born=date(1970, 1, 1))
    _check(world, shown)
    world.exhaust(rate_limits.AWARD_CHECKS_PER_IP, LOCAL)
    _check(world, shown)


@shows("awards/too_often.html")
def the_certificate_was_asked_for_too_often(world: World) -> None:
    award = an_award(a_user(last_name="Bush"))
    person = world.person(award.user)
    world.exhaust(rate_limits.CERTIFICATES_BY_EMAIL, str(award.id))
    person.get(f"/account/awards/{award.id}")
    person.post(f"/account/awards/{award.id}/email")


def _check(world: World, code: str, born: date = BORN) -> None:
    employer = world.visitor()
    employer.get("/check-an-award")
    employer.submit(code=code, date_of_birth=born, organisation="Example College", reason="Bush")


def _correct_and_withdraw(award: Award) -> None:
    client, said = db.session.get_one(Client, award.client_id), awards.said_of(award)
    corrected = awards.Awarded(said.qualification, "Example College", date(2026, 2, 1))
    with transaction():
        awards.record(award.user, award.provider_reference, corrected, client=client, now=NOW)
        awards.withdraw(award.user, award.provider_reference, "Example College", client=client, now=NOW)


def _lock(code: str) -> None:
    for _ in range(award_codes.WRONG_DATES):
        with transaction():
            award_codes.check(code, date(1970, 1, 1), Looking(), now=NOW)
