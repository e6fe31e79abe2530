"""The files of evidence in a backup: as they lie in the store, sealed, beside the dump that points at them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import click
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.evidence import EvidenceState
from identity_provider.kit.app import ports
from identity_provider.models import Evidence
from identity_provider.ports import NotInStore, StoreUnavailable

FOLDER = "evidence/"


def pack(archive: zipfile.ZipFile) -> int:
    """Add each file that somebody may still see; how many. What is deleted meanwhile is left out, as it should be."""
    packed = 0
    for key in _keys():
        try:
            archive.writestr(f"{FOLDER}{key}", ports().evidence_store.get(key))
        except NotInStore:
            continue
        except StoreUnavailable as silence:
            raise click.ClickException(f"{silence}: nothing was written. --without-evidence leaves it out") from silence
        packed += 1
    return packed


def unpack(archive: zipfile.ZipFile) -> int:
    """Put the files back where this service keeps its own; how many. Without their rows they are only swept away."""
    names = [name for name in archive.namelist() if name.startswith(FOLDER)]
    for name in names:
        try:
            ports().evidence_store.put(name.removeprefix(FOLDER), archive.read(name))
        except StoreUnavailable as silence:
            raise click.ClickException(f"{silence}: nothing was restored. See EVIDENCE_STORE_URL") from silence
    return len(names)


def _keys() -> Iterator[str]:
    shown = Evidence.state.in_((EvidenceState.WAITING, EvidenceState.CLEAN))
    with transaction():
        keys = list(db.session.scalars(select(Evidence.storage_key).where(shown)))
    yield from keys
