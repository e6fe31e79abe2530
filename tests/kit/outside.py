"""The outside world of a test: the in-memory adapters, and the settings that go with them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from config.settings import Settings
from identity_provider.adapters.memory import (
    ManualClock,
    MemoryChanges,
    MemoryDesk,
    MemoryMailer,
    MemoryRegister,
    MemoryServices,
)
from identity_provider.db import db


class ServicesOutside(MemoryServices):
    """Relying services that notice when they are asked from inside a transaction."""

    def fetch_json(self, uri: str) -> object:
        assert not db.session().info.get("in_transaction"), "nothing outside is called inside a transaction"
        return super().fetch_json(uri)


@dataclass
class OutsideWorld:
    """The adapters that the one application of the test run was made with."""

    clock: ManualClock
    mailer: MemoryMailer
    desk: MemoryDesk
    register: MemoryRegister
    services: MemoryServices
    changes: MemoryChanges

    def reset(self) -> None:
        """As new: nothing sent, nothing registered, everything up, the clock at its start."""
        for adapter in (self.clock, self.mailer, self.desk, self.register, self.services, self.changes):
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
    )
