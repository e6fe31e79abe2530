"""What the sandbox tells: a table for people, `.data/sandbox.json` for scripts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from identity_provider.sandbox import seed
from identity_provider.sandbox.files import write_atomically
from identity_provider.sandbox.one_login_people import PEOPLE
from identity_provider.sandbox.plan import OFFSETS, SMTP_OFFSET, Plan

TITLES = {
    "provider": "Identity provider",
    "relying_service": "Sample services",
    "mailbox": "Mailbox",
    "zendesk": "Zendesk",
    "dqt_api": "DQT API",
    "clamd": "Malware scanner",
    "one_login": "GOV.UK One Login",
}
STATED = ("first_name", "middle_name", "last_name", "date_of_birth", "previous_last_names", "nino", "trn", "has_qts")


def sandbox_json(plan: Plan) -> str:
    """Everything that a script needs to drive the sandbox. It holds secrets, of nothing real."""
    told = {
        "issuer": plan.issuer,
        "addresses": {name: plan.addresses.of(name) for name in OFFSETS} | {"support": support_address(plan)},
        "smtp": {"host": "localhost", "port": plan.addresses.port + SMTP_OFFSET},
        "clients": plan.clients_as_json,
        "staff": plan.staff,
        "people": [_person(person) for person in seed.PEOPLE],
        "one_login_people": [{"slug": each.slug, "email": each.email, "story": each.story} for each in PEOPLE],
        "environment": plan.settings,
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def announce(plan: Plan) -> None:
    """Write `.data/sandbox.json`. As long as it is there, the sandbox is up."""
    write_atomically(plan.data / "sandbox.json", sandbox_json(plan))


def retract(plan: Plan) -> None:
    (plan.data / "sandbox.json").unlink(missing_ok=True)


def was_not_retracted(data: Path) -> bool:
    """Whether a sandbox that was up here had no time to take it back, being killed; it is taken back now."""
    try:
        (data / "sandbox.json").unlink()
    except FileNotFoundError:
        return False
    return True


def support_address(plan: Plan) -> str:
    return f"{plan.issuer}/support"


def table(plan: Plan) -> str:
    """The addresses, and whom to sign in as."""
    places = [(TITLES[name], plan.addresses.of(name)) for name in OFFSETS]
    places[0] = (places[0][0], plan.issuer)
    places.insert(1, ("Support console", support_address(plan)))
    lines = [f"  {title:<20}{address}" for title, address in places]
    return "\n".join(
        [
            *lines,
            "",
            f"  Sign in at {plan.addresses.of('relying_service')} as {seed.RETURNING}; the code is in the mailbox.",
            f"  People to try and what should happen: {plan.addresses.of('relying_service')}/people",
            f"  Staff sign in as {seed.ADMINISTRATOR} or {seed.AGENT}; the second code is on the same page.",
            "  For scripts: .data/sandbox.json. Logs: .data/logs. Ctrl-C stops everything.",
        ]
    )


def _person(person: seed.PersonToTry) -> dict[str, Any]:
    every = asdict(person)
    stated = {name: str(every[name]) if name == "date_of_birth" else every[name] for name in STATED}
    return {
        "email": person.email,
        "story": person.story,
        "states": stated,
        "expected": {
            "trn_lookup_status": person.expected_status,
            "trn_lookup_reason": person.expected_reason,
            "trn": person.expected_trn,
        },
    }
