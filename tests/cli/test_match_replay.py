"""flask match replay: what a change would do, told without naming anybody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.services import kept_lookups, lookups
from identity_provider.services.register_search import Occasion
from matching.records import PersonDetails, RecordStatus
from tests.builders import NOW, a_record

KATE = PersonDetails(first_name="Kate", last_name="Bush", date_of_birth=date(1985, 3, 4), nino="AB123456C")


def keep(register: MemoryRegister, person: PersonDetails = KATE) -> str:
    search = lookups.look_up(person, register, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=NOW)
    with transaction():
        return str(kept_lookups.keep(search, user_id=None, journey_id=None))


def test_a_change_that_loses_links_has_an_exit_code_and_names_lookups_not_people(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    lookup_id = keep(register)
    register.records = [a_record(status=RecordStatus.DEACTIVATED)]
    done = app.test_cli_runner().invoke(args=["match", "replay"])
    assert done.exit_code == 4, done.output
    assert f"match -> not_determinable: 1\n  {lookup_id}" in done.stdout
    for personal in ("Kate", "Bush", "AB123456C", "1234567", "1985"):
        assert personal not in done.stdout
    assert "Replaying: 100%" in done.stderr


def test_json_holds_counts_and_ids_and_what_was_asked_only_on_demand(app: Flask, register: MemoryRegister) -> None:
    register.down = True
    keep(register)
    register.down = False
    register.records = [a_record()]
    done = app.test_cli_runner().invoke(args=["match", "replay", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["replayed"], found["unanswered"], found["changed"], found["links_lost_or_moved"]) == (0, 1, 0, 0)
    register.records = [a_record("7654321", first_name="Aloysius", nino="", date_of_birth=date(1951, 1, 1))]
    lookup_id = keep(register, replace(KATE, trn="1234567"))
    register.records.append(a_record())
    arguments = ["match", "replay", "--json", "--limit", "5", "--since", NOW.date().isoformat()]
    quiet = app.test_cli_runner().invoke(args=arguments)
    assert [each["lookup_id"] for each in json.loads(quiet.stdout)["changes"]] == [lookup_id]
    assert "Kate" not in quiet.stdout
    shown = app.test_cli_runner().invoke(args=[*arguments, "--show-details"])
    [change] = json.loads(shown.stdout)["changes"]
    assert change["asked"]["first_name"] == "Kate"
    assert list(change["compared_before"]) == []
    assert "Same first name (kate)." in change["compared_after"]["1234567"]


def test_details_say_what_was_compared_then_and_now(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    lookup_id = keep(register)
    register.records = [a_record(status=RecordStatus.DEACTIVATED, last_name="Hall")]
    done = app.test_cli_runner().invoke(args=["match", "replay", "--show-details"])
    lines = done.stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if lookup_id in line)
    then, now = lines[at + 1 : at + 3]
    assert then.startswith("    then  1234567  ")
    assert "Same last name (bush)." in then
    assert now.startswith("    now  1234567  ")
    assert "Same last name (bush)." not in now


def test_nothing_to_replay_is_no_failure(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["match", "replay"])
    assert (done.exit_code, done.stdout.splitlines()[0][:1]) == (0, "0")


def test_a_silent_register_is_an_exit_code_of_its_own(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    keep(register)
    register.down = True
    done = app.test_cli_runner().invoke(args=["match", "replay"])
    assert (done.exit_code, done.stdout) == (3, "")
