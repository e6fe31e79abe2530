"""Which adapter stands for each port: the settings say, and only the composition roots ask."""

from __future__ import annotations

from typing import assert_never

from config.settings import Settings
from identity_provider.adapters.clock import SystemClock
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.memory import MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.ports import Ports, TeacherRegister


def choose_ports(settings: Settings) -> Ports:
    """The adapters that the settings name."""
    mailer = MemoryMailer()
    return Ports(
        clock=SystemClock(), mailer=mailer, messenger=mailer, desk=MemoryDesk(), register=choose_register(settings)
    )


def choose_register(settings: Settings) -> TeacherRegister:
    """The register that the settings name; opens no connection yet."""
    match settings.register:
        case "replica":
            return DqtReplica(settings.database_url)
        case "api":
            return DqtApi(settings.dqt_api_url, settings.dqt_api_key)
        case "memory":
            return MemoryRegister()
        case _:
            assert_never(settings.register)
