"""The outside world of a test: the in-memory adapters, and the settings that go with them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from config.settings import Settings
from identity_provider.adapters.memory import (
    ManualClock,
    MemoryDesk,
    MemoryMailer,
    MemoryRegister,
    MemoryServices,
)
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.adapters.memory_evidence import MemoryCleaner, MemoryEvidence, MemoryScanner
from identity_provider.db import db
from identity_provider.ports import Ports


class ServicesOutside(MemoryServices):
    """Relying services that notice when they are asked from inside a transaction."""

    def fetch_json(self, uri: str) -> object:
        assert not db.session().info.get("in_transaction"), "nothing outside is called inside a transaction"
        return super().fetch_json(uri)


class EvidenceOutside(MemoryEvidence):
    """A store that notices when it is asked from inside a transaction."""

    def _answer(self) -> None:
        assert not db.session().info.get("in_transaction"), "nothing outside is called inside a transaction"
        super()._answer()


class ChangesOutside(MemoryChanges):
    """Keepers of records who notice when they are asked from inside a transaction."""

    def _answer(self) -> None:
        assert not db.session().info.get("in_transaction"), "nothing outside is called inside a transaction"
        super()._answer()


@dataclass
class OutsideWorld:
    """The adapters that the one application of the test run was made with."""

    clock: ManualClock = field(default_factory=ManualClock)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    register: MemoryRegister = field(default_factory=MemoryRegister)
    services: MemoryServices = field(default_factory=ServicesOutside)
    store: MemoryEvidence = field(default_factory=EvidenceOutside)
    scanner: MemoryScanner = field(default_factory=MemoryScanner)
    cleaner: MemoryCleaner = field(default_factory=MemoryCleaner)
    changes: MemoryChanges = field(default_factory=ChangesOutside)

    def ports(self) -> Ports:
        """All of them, each in its place."""
        mailer = self.mailer
        return Ports(
            *(self.clock, mailer, mailer, self.desk, self.register, self.services),
            *(self.store, self.scanner, self.cleaner, self.changes),
        )

    def reset(self) -> None:
        """As new: nothing sent, nothing registered, everything up, the clock at its start."""
        for adapter in (getattr(self, each.name) for each in fields(self)):
            fresh = type(adapter)()
            for each in fields(adapter):
                setattr(adapter, each.name, getattr(fresh, each.name))


def settings_for(database_url: str) -> Settings:
    """Settings for tests; nothing in them is a secret of any machine."""
    return Settings(
        issuer="http://localhost",
        database_url=database_url,
        secret_keys=("a-key-for-tests-only-that-is-long-enough",),
        encryption_keys=(bytes(32),),
        sandbox=True,
        mail_transport="memory",
        ticket_transport="memory",
        register="memory",
        evidence_store_url="memory://",
    )
