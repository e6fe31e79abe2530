"""What a scanner promises: clamd's wire as a real process speaks it, and no answer that could be taken for "clean"."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from identity_provider.adapters.absent import NoScanner
from identity_provider.adapters.clamd import Clamd
from identity_provider.adapters.memory_evidence import MemoryScanner
from identity_provider.ports import FileScanner, ScannerUnavailable, ScanVerdict
from identity_provider.sandbox.clamd import CLAMD_OFFSET
from identity_provider.sandbox.clamd_wire import EICAR
from tests.kit import files_of_strangers as strangers
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture
def clamd(stand_in: StandIn) -> Iterator[Clamd]:
    yield Clamd(f"tcp://127.0.0.1:{stand_in.port + CLAMD_OFFSET}", seconds=120)
    stand_in.fail("ok")


@pytest.fixture(params=["memory", "clamd"])
def scanner(request: pytest.FixtureRequest) -> FileScanner:
    scanner: FileScanner = MemoryScanner() if request.param == "memory" else request.getfixturevalue("clamd")
    return scanner


def test_a_harmless_file_is_clean_and_eicar_is_not(scanner: FileScanner) -> None:
    assert scanner.scan(strangers.jpeg()).clean
    assert scanner.scan(b"before" + EICAR + b"after") == ScanVerdict("Eicar-Test-Signature")


def test_it_says_what_it_is(scanner: FileScanner) -> None:
    assert scanner.version().startswith("ClamAV")


def test_a_large_file_arrives_whole(clamd: Clamd) -> None:
    assert clamd.scan(bytes(11_000_000)).clean
    assert not clamd.scan(bytes(11_000_000) + EICAR).clean


def test_what_a_pdf_has_packed_is_unpacked(clamd: Clamd) -> None:
    packed = strangers.pdf_with_eicar()
    assert EICAR not in packed
    assert clamd.scan(packed).found == "Eicar-Test-Signature"


@pytest.mark.parametrize("fault", ["down", "garbage", "size_limit"])
def test_whatever_is_no_clear_answer_is_none(stand_in: StandIn, clamd: Clamd, fault: str) -> None:
    stand_in.fail(fault)
    with pytest.raises(ScannerUnavailable):
        clamd.scan(bytes(1_000_000))


def test_an_answer_that_takes_too_long_is_none(stand_in: StandIn, clamd: Clamd) -> None:
    stand_in.fail("slow")
    with pytest.raises(ScannerUnavailable):
        Clamd(f"tcp://127.0.0.1:{stand_in.port + CLAMD_OFFSET}", seconds=0.2).scan(b"a photo")


@contextmanager
def answering(path: Path, reply: bytes) -> Iterator[str]:
    """A daemon behind a socket file that gives one answer, whatever it is asked."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()

        def serve() -> None:
            connection, _address = door.accept()
            with connection:
                connection.recv(100_000)
                connection.sendall(reply)

        Thread(target=serve, daemon=True).start()
        yield f"unix://{path}"


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", b"stream: OK", b"stream: OK\n", b"OK\0", b"stream: OK and more\0", b"stream: \0", b"stream: FOUND\0"),
        *(b"INSTREAM size limit exceeded. ERROR\0", b"stream: ok\0", b"\xff\xfe\0", b"a" * 5_000, b"1: stream: OK\0"),
    ],
)
def test_only_the_very_words_are_taken_for_clean(tmp_path: Path, reply: bytes) -> None:
    with answering(tmp_path / "clamd.sock", reply) as address, pytest.raises(ScannerUnavailable):
        Clamd(address, seconds=120).scan(b"a photo")


def test_it_is_also_reached_by_a_socket_file(tmp_path: Path) -> None:
    with answering(tmp_path / "clamd.sock", b"stream: OK\0") as address:
        assert Clamd(address, seconds=120).scan(b"a photo").clean
    with answering(tmp_path / "second.sock", b"stream: Win.Trojan.Agent-1 FOUND\0") as address:
        assert Clamd(address, seconds=120).scan(b"a photo").found == "Win.Trojan.Agent-1"


@pytest.mark.parametrize("address", ["unix:///nowhere/clamd.ctl", "tcp://127.0.0.1:1"])
def test_nobody_there_is_no_answer(address: str) -> None:
    with pytest.raises(ScannerUnavailable):
        Clamd(address, seconds=1).scan(b"a photo")


def test_without_a_scanner_nothing_is_clean() -> None:
    with pytest.raises(ScannerUnavailable, match="CLAMD_ADDRESS"):
        NoScanner().scan(b"a photo")
    with pytest.raises(ScannerUnavailable, match="CLAMD_ADDRESS"):
        NoScanner().version()
