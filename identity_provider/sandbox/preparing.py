"""What has to be done before the provider starts: each thing once, and again only when it changed.

What was done is noted on the database itself (as its comment), so that the note and the tables cannot part ways.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from identity_provider.models.register_layout import KEYS_VERSION
from identity_provider.sandbox.plan import CLONE, DATABASE, Plan, flask
from identity_provider.sandbox.postgres import EmbeddedPostgres
from identity_provider.sandbox.sample_register import write_sample_register

HERE = Path(__file__).parent

Telling = Callable[[str], None]


class PreparationFailed(RuntimeError):
    """One of the steps ended with an error; the message ends with its last words."""


def prepare(plan: Plan, postgres: EmbeddedPostgres, tell: Telling) -> None:
    """Migrate, load the sample register, sow clients, staff and people. Raises PreparationFailed."""
    if not postgres.has_database(DATABASE):
        postgres.create_database(DATABASE)
    with closing(_Notes(plan.database_url)) as notes:
        _refuse_foreign_keys(plan, notes)
        for step, fingerprint, words, work in (
            ("migrations", _fingerprint_of(CLONE / "migrations"), "Preparing the database", _migrate),
            ("register", _register_fingerprint(plan), f"Making a register of {plan.people:,} people", _load_register),
            ("seed", _seed_fingerprint(plan), "Adding services, staff and people to try", _sow),
        ):
            if notes.of(step) != fingerprint:
                tell(words)
                work(plan)
                notes.write(step, fingerprint)


def _migrate(plan: Plan) -> None:
    _run(plan, flask("db", "upgrade"))


def _load_register(plan: Plan) -> None:
    with TemporaryDirectory(prefix="get-an-identity-") as directory:
        register = Path(directory) / "register.csv.gz"
        write_sample_register(register, plan.people)
        _run(plan, flask("register", "import", str(register)))


def _sow(plan: Plan) -> None:
    _run(plan, flask("sandbox", "seed"), told=json.dumps({"clients": plan.clients_as_json, "staff": plan.staff}))


def _run(plan: Plan, command: list[str], told: str = "") -> None:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=CLONE,
        env=plan.environment(),
        input=told,
    )
    if done.returncode != 0:
        last_words = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise PreparationFailed(f"`{' '.join(command[1:])}` failed:\n{last_words}")


def _refuse_foreign_keys(plan: Plan, notes: _Notes) -> None:
    """What is encrypted in this database can be read with the keys that it was made with only."""
    fingerprint = hashlib.sha256(plan.keys.encryption_key.encode()).hexdigest()[:16]
    if notes.of("keys") not in {None, fingerprint}:
        raise PreparationFailed(f"{plan.data} has other keys than its database: remove it and start again.")
    notes.write("keys", fingerprint)


def _register_fingerprint(plan: Plan) -> str:
    made_by = ("people.py", "people_names.py", "sample_register.py", "seed.py")
    return f"{plan.people}:{KEYS_VERSION}:{_fingerprint_of(*(HERE / name for name in made_by))}"


def _seed_fingerprint(plan: Plan) -> str:
    told = json.dumps([plan.clients_as_json, plan.staff])
    sown_by = _fingerprint_of(HERE / "seed.py", HERE / "seeding.py")
    return f"{hashlib.sha256(told.encode()).hexdigest()[:16]}:{sown_by}"


def _fingerprint_of(*paths: Path) -> str:
    """The same for the same files."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


class _Notes:
    """What was done to this database, written on it."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url.replace("+psycopg", "", 1), autocommit=True)
        row = self._connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        self._notes: dict[str, str] = json.loads(row[0]) if row and row[0] else {}

    def of(self, step: str) -> str | None:
        return self._notes.get(step)

    def write(self, step: str, fingerprint: str) -> None:
        self._notes[step] = fingerprint
        statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
        self._connection.execute(statement.format(sql.Identifier(DATABASE), sql.Literal(json.dumps(self._notes))))

    def close(self) -> None:
        self._connection.close()
