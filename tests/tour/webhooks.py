"""The stops where services hear of changes: endpoints, their secrets, and the log of what was sent there."""

from __future__ import annotations

from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.services import webhook_delivery, webhooks
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client
from tests.tour.guide import World, shows
from tests.webhooks.listeners import URL, an_endpoint


@shows(*(f"support/webhooks/{name}.html" for name in ("list", "new", "edit", "secret", "endpoint", "message")))
def webhooks_are_looked_after(world: World) -> None:
    admin, client = world.agent(StaffRole.ADMINISTRATOR), a_client()
    admin.get("/support/webhooks/new")
    admin.post("/support/webhooks/new", url="")
    admin.post("/support/webhooks/new", client_id=client.id, url=URL, message_types=["UserUpdated"])
    endpoint = an_endpoint()
    ours = f"/support/webhooks/{endpoint.id}"
    admin.get(ours)
    admin.post(f"{ours}/ping")
    pinged = admin.visited[-1].path
    webhook_delivery.deliver_due(endpoint.id, world.services, world.clock.now)
    with transaction():
        webhooks.ping(endpoint, actor=SYSTEM, now=world.clock.now())
    admin.get(pinged)
    for path in ("", "?state=parked", "?state=delivered", "/edit"):
        admin.get(ours + path)
    admin.post(f"{ours}/edit", url="")
    admin.post(f"{ours}/edit", url=URL, message_types=["UserUpdated"], enabled="yes")
    admin.post(f"{ours}/rotate-secret")
    admin.get("/support/webhooks")
