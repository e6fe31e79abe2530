"""The stops of awards: held, shared and withdrawn by the person, and checked by an employer."""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

from identity_provider.adapters import typesetting
from identity_provider.db import transaction
from identity_provider.services import award_codes
from tests.awards.recorded import BORN, a_code, an_award, at_home
from tests.builders import NOW, a_user
from tests.journeys.travel import EMAIL
from tests.kit.page import Browser
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"


def _holder(world: World) -> Browser:
    person = at_home(world.app, a_user(email=EMAIL, last_name="Bush"))
    if world.language:
        person.client.set_cookie(world.app.extensions["settings"].cookie_name("language"), world.language)
    world.browsers.append(person)
    return person


@shows(*(f"awards/{name}.html" for name in ("held", "award", "share", "shared", "revoke", "no_certificate")))
def an_award_is_shared_and_a_code_ended(world: World) -> None:
    award = an_award(a_user(last_name="Bush"))
    person = at_home(world.app, award.user)
    if world.language:
        person.client.set_cookie(world.app.extensions["settings"].cookie_name("language"), world.language)
    world.browsers.append(person)
    person.get("/account/awards")
    person.get(f"/account/awards/{award.id}")
    person.submit("Email me the certificate") if not world.language else None
    person.get(f"/account/awards/{award.id}/share")
    person.submit(given_to="")
    person.submit(given_to="Example College", lifetime="quarter")
    ended, _ = a_code(award)
    _, shown = a_code(award)
    _locked(award_code=a_code(award)[1])
    with transaction():
        award_codes.check(shown, BORN, award_codes.Looking("Example College"), now=world.clock.now())
    person.get(f"/account/awards/{award.id}/codes/{ended.id}")
    person.submit()
    with patch.object(typesetting.subprocess, "run", side_effect=typesetting.subprocess.TimeoutExpired("typst", 1)):
        person.get(f"/account/awards/{award.id}/certificate.pdf")
    world.wait(days=31)
    again = at_home(world.app, award.user)
    world.browsers.append(again)
    again.get(f"/account/awards/{award.id}")


def _locked(award_code: str) -> None:
    for _ in range(award_codes.WRONG_DATES):
        with transaction():
            award_codes.check(award_code, date(1970, 1, 1), award_codes.Looking(), now=NOW)
