"""Imports in the console: a file is uploaded, looked at row by row, approved by a colleague, and its results kept."""

from __future__ import annotations

import csv
import io
from io import BytesIO

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.access import StaffRole
from identity_provider.models import User, UserImport
from identity_provider.services.import_files import MOST_BYTES
from tests.builders import a_client, a_record, a_user
from tests.console.agents import Agent, an_agent, audited
from tests.journeys.travel import count_of, user_at
from tests.kit.importing import a_file, a_line, checked, uploaded, worked_on
from tests.webhooks.listeners import let_the_worker_work

NEW = "/support/imports/new"


@pytest.fixture
def manager(app: Flask, register: MemoryRegister) -> Agent:
    register.records = [a_record()]
    return an_agent(app, StaffRole.SERVICE_MANAGER)


def test_a_file_goes_from_its_upload_through_a_colleague_to_its_results(app: Flask, manager: Agent) -> None:
    client = a_client(name="Register for an NPQ")
    manager.get("/support/imports")
    manager.click("Upload a file")
    lines = [
        a_line("KATE@example.com", id="42"),
        a_line("b@example.com", "", first="=1+1", last="Hughes"),
        a_line("bad"),
    ]
    page = manager.submit("Upload and check", client_id=client.id, file=a_file(*lines))
    assert page.h1 == "Import for Register for an NPQ"
    assert "0 of 3 rows are checked." in page.text
    let_the_worker_work()
    page = manager.click("Show how far it is now")
    assert "Would be made a user (2)" in page.text
    assert "The email address cannot be one" in page.text
    assert "a colleague has to approve it" in page.text
    assert count_of(User) == 0
    colleague = an_agent(app, StaffRole.ADMINISTRATOR)
    colleague.get(page.path)
    assert colleague.submit("Approve and run", reason="").errors == ["Enter a reason"]
    colleague.submit("Approve and run", reason="Agreed with the team")
    let_the_worker_work()
    page = colleague.get(page.path)
    assert "Made a user (2)" in page.text
    assert user_at("kate@example.com").trn == "1234567"
    page = colleague.click("Refused (1)")
    assert "b@example.com" not in page.text
    kept = colleague.client.get(f"{page.path}/rows.csv")
    rows = list(csv.DictReader(io.StringIO(kept.text)))
    assert [row["RESULT"] for row in rows] == ["create", "create", "refused"]
    assert (rows[0]["ID"], rows[0]["USER_ID"]) == ("42", str(user_at("kate@example.com").id))
    assert rows[1]["FIRST_NAME"] == "'=1+1", "a spreadsheet must not run it"
    assert {each.reason for each in audited("import_approved")} == {"Agreed with the team"}
    for action in ("import_uploaded", "import_viewed", "import_downloaded", "import_done"):
        assert audited(action), action


def test_nobody_approves_their_own_import_by_asking_for_its_address(app: Flask, manager: Agent) -> None:
    made = uploaded(a_line(), staff=manager.member)
    worked_on(made)
    manager.get(f"/support/imports/{made.id}")
    page = manager.post(f"/support/imports/{made.id}/approve", reason="I am sure")
    assert "a colleague has to approve it" in page.text
    assert manager.submit("Reject", reason="The wrong file").path == f"/support/imports/{made.id}"
    assert "Rejected" in manager.here.text
    assert "The import has changed" in manager.post(f"/support/imports/{made.id}/stop", reason="x").text
    assert count_of(User) == 0


def test_an_import_that_runs_is_stopped_and_goes_on(app: Flask, manager: Agent) -> None:
    made = checked(a_line())
    manager.get(f"/support/imports/{made.id}")
    manager.submit("Approve and run", reason="fine")
    manager.submit("Stop after this row", reason="wait")
    worked_on(made)
    assert count_of(User) == 0
    manager.submit("Go on where it was", reason="now")
    worked_on(made)
    assert count_of(User) == 1


def test_files_that_cannot_be_used_are_refused_beside_the_field(app: Flask, manager: Agent) -> None:
    client = a_client()
    manager.get(NEW)
    assert manager.submit("Upload and check").errors == ["Select the service", "Choose a file"]
    wrong = {
        "people.xlsx": (b"PK", "The file must be a CSV file, with a name that ends in .csv"),
        "a.csv": (b"ID,TRN\n1,2", "The first line must name every column. Missing: EMAIL_ADDRESS, FIRST_NAME,"),
        "b.csv": ("ID,É".encode("latin-1"), "Save the file as CSV UTF-8: it has characters in another encoding"),
    }
    for name, (content, why) in wrong.items():
        page = manager.submit("Upload and check", client_id=client.id, file=(BytesIO(content), name))
        assert page.status == 422
        assert page.errors[0].startswith(why), page.errors
    assert count_of(UserImport) == 0
    assert getattr(app.view_functions["support.imports.upload"], "most_bytes", 0) > MOST_BYTES


def test_an_empty_file_with_the_columns_can_be_had(app: Flask, manager: Agent) -> None:
    assert manager.client.get("/support/imports/template.csv").text.startswith("ID,EMAIL_ADDRESS,TRN,")


def test_rows_that_are_conflicts_say_why_and_lead_to_the_user(app: Flask, manager: Agent) -> None:
    holder = a_user(email="kate@example.com", trn="7654321", last_name="Bush")
    made = checked(a_line())
    page = manager.get(f"/support/imports/{made.id}", show="conflict")
    assert "The user with this email address is linked to another TRN" in page.text
    manager.submit("Approve and run", reason="fine")
    worked_on(made)
    manager.get(f"/support/imports/{made.id}")
    assert manager.click("User").path == f"/support/users/{holder.id}"
