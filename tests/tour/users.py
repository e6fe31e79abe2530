"""The stops about one user in the console: locked, erased, merged with another one and parted from it."""

from __future__ import annotations

from typing import Any

from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from tests.builders import a_user
from tests.console.agents import a_case
from tests.tour.guide import World, shows


@shows(*(f"support/users/{name}.html" for name in ("lock", "unlock", "erase", "erased")))
def a_user_is_locked_out_and_erased(world: World) -> None:
    admin, case = world.agent(StaffRole.ADMINISTRATOR), a_case(a_user(last_name="Bush"))
    with transaction():
        case.zendesk_ticket_id = 4711
    for deed in ("lock", "unlock", "erase"):
        admin.get(f"/support/users/{case.user_id}/{deed}")
        admin.post(f"/support/users/{case.user_id}/{deed}", reason="")
        admin.post(f"/support/users/{case.user_id}/{deed}", reason="Bush")
        admin.get(f"/support/users/{case.user_id}")


@shows(*(f"support/users/merge_{name}.html" for name in ("choose", "compare", "check", "undo")))
def users_are_merged(world: World) -> None:
    merger = world.agent(StaffRole.MERGER)
    one, two = a_user("1234567", last_name="Bush"), a_user("7654321", last_name="Bush")
    merger.get(f"/support/users/{one.id}/merge")
    for text in ("", "nobody at all", "Bush"):
        merger.post(f"/support/users/{one.id}/merge", q=text)
    merger.get(f"/support/users/{one.id}/merge/{two.id}")
    merger.post(f"/support/users/{one.id}/merge/{two.id}/check", reason="")
    chosen: dict[str, Any] = {"survivor": str(one.id), "email": two.email, "trn": "1234567", "reason": "Bush"}
    merger.post(f"/support/users/{one.id}/merge/{two.id}/check", **chosen)
    merger.post(f"/support/users/{one.id}/merge/{two.id}", **chosen)
    merger.get(f"/support/users/{two.id}")
    merger.get(f"/support/users/{two.id}/merge/undo")
    merger.post(f"/support/users/{two.id}/merge/undo", reason="")
    merger.post(f"/support/users/{two.id}/merge/undo", reason="Bush")
