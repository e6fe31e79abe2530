"""The stops at the areas of the console that service managers look after."""

from __future__ import annotations

from identity_provider.domain.access import StaffRole
from tests.builders import a_client, a_user
from tests.tour.guide import World, shows


@shows("support/features/list.html", "support/features/feature.html")
def features_are_switched(world: World) -> None:
    manager, client = world.agent(StaffRole.SERVICE_MANAGER, name="Ada Admin"), a_client()
    manager.get("/support/features")
    manager.get("/support/features/trn_tokens")
    manager.post("/support/features/trn_tokens", reason="")
    manager.post("/support/features/trn_tokens", state="off", client_id=client.id, reason="Bush")
    manager.get("/support/features/trn_tokens")
    manager.get("/support/features")
    manager.get("/support/features/account")


@shows(*(f"support/leaked_trns/{name}.html" for name in ("list", "change", "check")))
def leaked_numbers_are_listed(world: World) -> None:
    manager = world.agent(StaffRole.SERVICE_MANAGER, name="Ada Admin")
    a_user(trn="1234567", last_name="Bush")
    area = "/support/leaked-trns"
    manager.get(area)
    manager.get(f"{area}/change")
    manager.post(f"{area}/change", numbers="Bush")
    for action in ("add", "remove"):
        manager.post(f"{area}/change", action=action, numbers="1234567\n7654321", source="Bush", reason="Bush")
    manager.post(f"{area}/change/save", action="add", numbers="1234567\n7654321", source="Bush", reason="Bush")
    for path in ("", "?show=linked"):
        manager.get(area + path)
    manager.post(area, trn="")
    manager.post(area, trn="2222222")
    manager.post(area, trn="1234567")
    holder = a_user(trn="7654321", last_name="Bush")
    manager.get(f"/support/users/{holder.id}")
