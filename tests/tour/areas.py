"""The stops at the areas of the console that service managers look after."""

from __future__ import annotations

from identity_provider.db import db
from identity_provider.domain.access import StaffRole
from identity_provider.models import TrnToken, UserImport
from tests.builders import a_client, a_record, a_user
from tests.kit.importing import a_file, a_line, worked_on
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


@shows(*(f"support/imports/{name}.html" for name in ("list", "new", "import")))
def people_are_imported(world: World) -> None:
    world.register.records = [a_record()]
    manager, colleague = (world.agent(StaffRole.SERVICE_MANAGER, name="Ada Admin") for _ in range(2))
    client = a_client()
    manager.get("/support/imports")
    manager.get("/support/imports/new")
    manager.post("/support/imports/new")
    lines = [a_line("bush@example.com"), a_line("Bush"), a_line("two@example.com", "2222222")]
    manager.post("/support/imports/new", client_id=client.id, file=a_file(*lines))
    made = db.session.query(UserImport).one()
    area = f"/support/imports/{made.id}"
    worked_on(made)
    for agent in (manager, colleague):
        agent.get(area)
    colleague.post(f"{area}/approve", reason="")
    colleague.post(f"{area}/approve", reason="Bush")
    manager.post(f"{area}/stop", reason="Bush")
    for agent in (manager, colleague):
        agent.get(area)
    colleague.post(f"{area}/resume", reason="Bush")
    worked_on(made)
    for path in ("", "?show=refused", "?show=link"):
        colleague.get(area + path)
    colleague.get("/support/imports")


@shows(*(f"support/trn_tokens/{name}.html" for name in ("list", "new", "check", "made", "token")))
def tokens_are_looked_after(world: World) -> None:
    world.register.records = [a_record(has_open_alert=True)]
    manager = world.agent(StaffRole.SERVICE_MANAGER, name="Ada Admin")
    area = "/support/trn-tokens"
    manager.get(area)
    manager.get(f"{area}/new")
    for trn in ("", "9999999", "1234567"):
        manager.post(f"{area}/new/check", email="bush@example.com", trn=trn, reason="Bush")
    manager.post(f"{area}/new", email="bush@example.com", trn="1234567", reason="Bush")
    token = db.session.query(TrnToken).one()
    for path in ("", "?state=unused", "?state=used", f"/{token.id}"):
        manager.get(area + path)
    for text in ("", "bush@example.com"):
        manager.post(area, q=text)
    manager.post(f"{area}/{token.id}/revoke", reason="")
    manager.post(f"{area}/{token.id}/revoke", reason="Bush")


@shows("support/clients/errors.html", "support/clients/people.html")
def a_service_team_helps_itself(world: World) -> None:
    manager, client = world.agent(StaffRole.SERVICE_MANAGER, name="Ada Admin"), a_client()
    area = f"/support/services/{client.id}"
    manager.get(f"{area}/errors")
    world.visitor().get("/connect/authorize", client_id=client.id)
    manager.get(f"{area}/errors")
    manager.get(f"{area}/people")


@shows("support/retention/show.html")
def an_administrator_looks_at_retention(world: World) -> None:
    admin = world.agent(StaffRole.ADMINISTRATOR, name="Ada Admin")
    admin.get("/support/retention")
