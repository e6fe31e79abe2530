"""The whole path of a file with real parts: the cleaning process, a directory, and clamd's wire."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image

from identity_provider.adapters.clamd import Clamd
from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.adapters.file_cleaning import CleaningProcess
from identity_provider.db import db, transaction
from identity_provider.domain.evidence import EvidenceRefused, EvidenceState
from identity_provider.models import Evidence
from identity_provider.ports import Ports
from identity_provider.sandbox.clamd import CLAMD_OFFSET
from identity_provider.services import evidence
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_user
from tests.kit import files_of_strangers as strangers
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn
from tests.services.test_evidence import row_of
from tests.test_jobs import work


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture
def ports(app: Flask, clamd: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ports:
    real: Ports = replace(
        app.extensions["ports"],
        evidence_store=ObjectEvidence((tmp_path / "store").as_uri(), "localhost"),
        scanner=Clamd(f"tcp://127.0.0.1:{clamd.port + CLAMD_OFFSET}", seconds=120),
        cleaner=CleaningProcess(seconds=120),
    )
    monkeypatch.setitem(app.extensions, "ports", real)
    return real


def sent(ports: Ports, content: bytes, name: str) -> UUID:
    kept = evidence.take_in(content, name, cleaner=ports.cleaner, store=ports.evidence_store)
    with transaction():
        return evidence.receive(a_user(), kept, now=NOW).id


def files_in(place: Path) -> list[Path]:
    return [each for each in (place / "store").rglob("*") if each.is_file()]


def test_a_photo_is_cleaned_kept_scanned_and_shown(ports: Ports, clamd: StandIn, tmp_path: Path) -> None:
    photo = sent(ports, strangers.jpeg(), "photo.jpg")
    [file] = files_in(tmp_path)
    assert not file.read_bytes().startswith(b"\xff\xd8"), "what lies on the disk is sealed"
    clamd.fail("garbage")
    work()
    assert row_of(photo).state is EvidenceState.WAITING
    clamd.fail("ok")
    work()
    db.session.remove()
    content, media_type = evidence.contents(photo, ports.evidence_store, actor=SYSTEM, now=NOW)
    assert (Image.open(io.BytesIO(content)).size, media_type) == ((400, 300), "image/jpeg")


def test_eicar_in_a_pdf_is_found_and_nothing_of_it_stays(ports: Ports, tmp_path: Path) -> None:
    document = sent(ports, strangers.pdf_with_eicar(), "certificate.pdf")
    work()
    work()
    assert row_of(document).state is EvidenceState.INFECTED
    assert files_in(tmp_path) == []


def test_of_what_is_refused_nothing_is_kept(ports: Ports, tmp_path: Path) -> None:
    for content in (strangers.png_bomb(), strangers.locked("secret"), strangers.HEIC, strangers.jpeg()[:-200]):
        with pytest.raises(EvidenceRefused):
            sent(ports, content, "photo.jpg")
    assert files_in(tmp_path) == []
    assert db.session.query(Evidence).count() == 0
