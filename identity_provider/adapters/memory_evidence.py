"""The outside world of evidence in memory, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from identity_provider.domain.evidence import CleanedFile, EvidenceRefused, Refusal
from identity_provider.ports import NotInStore, ScannerUnavailable, ScanVerdict, StoreUnavailable


@dataclass
class MemoryEvidence:
    """A store of evidence that forgets when the process ends."""

    kept: dict[str, bytes] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    down: bool = False

    def put(self, key: str, content: bytes) -> None:
        """Keep it."""
        self._answer()
        self.kept[key], self.since[key] = content, datetime.now(UTC)

    def get(self, key: str) -> bytes:
        """What was put there."""
        self._answer()
        if key not in self.kept:
            raise NotInStore
        return self.kept[key]

    def delete(self, key: str) -> None:
        """Forget it."""
        self._answer()
        self.kept.pop(key, None)

    def keys(self, *, before: datetime) -> Iterator[str]:
        """What was there by then."""
        self._answer()
        return iter([key for key in self.kept if self.since[key] < before])

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("the store does not answer")


@dataclass
class MemoryScanner:
    """A scanner that knows one thing, and that can be made to fall silent."""

    knows: bytes = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
    scanned: int = 0
    down: bool = False

    def scan(self, content: bytes) -> ScanVerdict:
        """Whether that one thing is in the content."""
        self.version()
        self.scanned += 1
        return ScanVerdict("Eicar-Test-Signature" if self.knows in content else None)

    def version(self) -> str:
        """A version of nothing."""
        if self.down:
            raise ScannerUnavailable("the scanner does not answer")
        return "ClamAV 0.0.0/0/Mon Mar  2 09:00:00 2026"


@dataclass
class MemoryCleaner:
    """Hands back what it was given, without a process: for tests of what happens afterwards."""

    refuses: Refusal | None = None

    def clean(self, content: bytes, media_type: str) -> CleanedFile:
        """The same content."""
        if self.refuses is not None:
            raise EvidenceRefused(self.refuses)
        return CleanedFile(content, media_type)
