"""The stops at the areas of the console that service managers look after."""

from __future__ import annotations

from identity_provider.domain.access import StaffRole
from tests.builders import a_client
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
