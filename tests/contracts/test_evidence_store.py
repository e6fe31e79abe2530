"""What a store of evidence promises: in memory, in a real directory, and over S3's wire."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.adapters.memory_evidence import MemoryEvidence
from identity_provider.ports import EvidenceStore, NotInStore, StoreUnavailable
from tests.kit.buckets import Bucket

KEY, OTHER = "0a" * 24, "0b" * 24


def in_a_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, installation: str = "localhost") -> ObjectEvidence:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return ObjectEvidence("s3://evidence/files", installation)


@pytest.fixture(params=["memory", "directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    match request.param:
        case "memory":
            return MemoryEvidence()
        case "directory":
            return ObjectEvidence((tmp_path / "not there yet").as_uri(), "localhost:8000")
        case _:
            return in_a_bucket(request.getfixturevalue("bucket"), request.getfixturevalue("monkeypatch"))


@pytest.fixture
def bucket() -> object:
    with Bucket() as running:
        yield running


def test_what_is_put_is_got_until_it_is_deleted(store: EvidenceStore) -> None:
    content = bytes(range(256)) * 30_000
    store.put(KEY, content)
    store.put(OTHER, b"other")
    assert store.get(KEY) == content
    store.delete(KEY)
    with pytest.raises(NotInStore):
        store.get(KEY)
    assert store.get(OTHER) == b"other"


def test_deleting_what_is_not_there_is_as_good(store: EvidenceStore) -> None:
    store.delete(KEY)
    store.delete(KEY)


def test_it_lists_what_was_there_by_a_moment(store: EvidenceStore) -> None:
    store.put(KEY, b"one")
    store.put(OTHER, b"two")
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert set(store.keys(before=later)) == {KEY, OTHER}
    assert list(store.keys(before=later - timedelta(hours=1))) == []


def test_services_that_share_a_directory_do_not_see_each_others_files(tmp_path: Path) -> None:
    ours, theirs = (ObjectEvidence(tmp_path.as_uri(), name) for name in ("a.example.org", "b.example.org"))
    ours.put(KEY, b"ours")
    assert list(theirs.keys(before=datetime.now(UTC) + timedelta(minutes=1))) == []
    with pytest.raises(NotInStore):
        theirs.get(KEY)


def test_only_we_can_look_into_the_directory_and_a_strangers_file_in_it_is_not_ours(tmp_path: Path) -> None:
    store = ObjectEvidence((tmp_path / "evidence").as_uri(), "localhost")
    store.put(KEY, b"sealed")
    directory = tmp_path / "evidence" / "localhost"
    assert directory.stat().st_mode & 0o077 == 0
    (directory / "notes.txt").write_text("not ours")
    assert list(store.keys(before=datetime.now(UTC) + timedelta(minutes=1))) == [KEY]


def test_a_directory_that_cannot_be_used_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file in the place of the directory")
    store = ObjectEvidence((tmp_path / "evidence").as_uri(), "localhost")
    for ask in (lambda: store.put(KEY, b""), lambda: store.get(KEY), lambda: store.delete(KEY)):
        with pytest.raises(StoreUnavailable):
            ask()
    with pytest.raises(StoreUnavailable):
        list(store.keys(before=datetime.now(UTC)))


FULL_DISK = """
import resource, sys
from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.ports import StoreUnavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    ObjectEvidence(sys.argv[1], "localhost").put("0a" * 24, bytes(200_000))
except StoreUnavailable:
    sys.exit(42)
"""


def test_when_the_disk_is_full_nothing_of_the_file_stays(tmp_path: Path) -> None:
    """As far as the program can tell, a limit on the size of files is a full disk: a write fails halfway."""
    command = [sys.executable, "-c", FULL_DISK, tmp_path.as_uri()]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[2]).returncode == 42
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_bucket_that_fails_is_no_answer_and_never_the_same_as_nothing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = in_a_bucket(bucket, monkeypatch)
    store.put(KEY, b"sealed")
    bucket.refuses = 403
    for ask in (lambda: store.get(KEY), lambda: store.delete(KEY), lambda: store.put(OTHER, b"")):
        with pytest.raises(StoreUnavailable) as failed:
            ask()
        assert "evidence" not in str(failed.value), "no address and no signature goes into the log"
    bucket.refuses = None
    assert store.get(KEY) == b"sealed"


def test_files_lie_where_they_should_in_the_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_bucket(bucket, monkeypatch, "identity.example.org").put(KEY, b"sealed")
    assert list(bucket.objects) == [f"files/identity.example.org/0a/{KEY}"]


@pytest.mark.parametrize("cloud", ["az", "gs"])
def test_azure_and_google_take_files_too(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: str
) -> None:
    """Their listings are obstore's business: here is shown that addresses and credentials are put to use."""
    for name, value in (bucket.microsofts() if cloud == "az" else bucket.googles(tmp_path)).items():
        monkeypatch.setenv(name, value)
    store = ObjectEvidence(f"{cloud}://evidence/files", "localhost")
    store.put(KEY, b"sealed")
    assert list(bucket.objects) == [f"files/localhost/0a/{KEY}"]
    assert store.get(KEY) == b"sealed"
    store.delete(KEY)
    with pytest.raises(NotInStore):
        store.get(KEY)
